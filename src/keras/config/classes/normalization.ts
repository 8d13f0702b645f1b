import {BatchNormalization} from '../../layers/batch_normalization.js';
import {type KerasClasses, only} from './row.js';

export const normalization: KerasClasses = {
  BatchNormalization: {
    layer: BatchNormalization,
    options: {renorm: only(false)},
    masks: 'passes',
  },
  GroupNormalization: {masks: 'passes'},
  LayerNormalization: {masks: 'passes'},
  UnitNormalization: {masks: 'passes'},
};
