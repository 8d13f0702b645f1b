/** Gives stored tensors to the weights of one layer. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import type {StoredTensor} from '../../read/hdf5.js';
import {type Layer, localName} from './parts.js';

/** The tensor that each weight was given. */
export type Assigned = Map<LayerVariable, StoredTensor>;

export const placeOf = (layer: Layer) => `${layer.getClassName()} layer "${layer.name}"`;

export const countsDiffer = (layer: Layer, count: number, stored: number) =>
  `${placeOf(layer)} has ${count} weights, but the file ${stored} for it.`;

/** @throws Error Not as many tensors as weights, or of other shapes. */
export function assign(
  layer: Layer,
  weights: LayerVariable[],
  stored: StoredTensor[],
  assigned: Assigned,
): void {
  const where = placeOf(layer);
  if (stored.length !== weights.length) {
    throw new Error(countsDiffer(layer, weights.length, stored.length));
  }
  stored.forEach((tensor, i) => {
    const {shape, values} = tensor;
    const variable = weights[i].read() as tf.Variable;
    if (!tf.util.arraysEqual(shape, variable.shape)) {
      throw new Error(
        `${where}: its weight ${i}, ${localName(weights[i])}, has the shape [${variable.shape}], ` +
          `but in the file [${shape}].`,
      );
    }
    // Not by `setWeights`, which applies constraints: Keras loads weights as they were saved.
    const value = tf.tensor(values, shape, 'float32');
    tf.Variable.prototype.assign.call(variable, value);
    value.dispose();
    assigned.set(weights[i], tensor);
  });
}
