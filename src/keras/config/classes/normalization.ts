import type {layers} from '@tensorflow/tfjs-layers';
import {type KerasClasses, only} from './row.js';

export const normalization: KerasClasses = {
  BatchNormalization: {
    options: {renorm: only(false)},
    refusesBuilt: otherAxis,
    masks: 'passes',
  },
  GroupNormalization: {masks: 'passes'},
  LayerNormalization: {masks: 'passes'},
  UnitNormalization: {masks: 'passes'},
};

/** tfjs gives wrong values for a batch normalisation over another axis than the last. */
function otherAxis(layer: layers.Layer): string | undefined {
  const [{ndim}] = layer.inputSpec as {ndim: number}[];
  const axis = Number((layer as unknown as {axis: number | number[]}).axis);
  if (ndim > 4) return `tfjs has it for inputs of rank 4 at most, but this has rank ${ndim}.`;
  if (axis === -1 || axis === ndim - 1) return undefined;
  return `tfjs has it right over the last axis only, ${ndim - 1}, but it is over ${axis}.`;
}
