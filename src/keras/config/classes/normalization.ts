import {BatchNormalization} from '../../layers/batch_normalization.js';
import {
  GroupNormalization,
  LayerNormalization,
  RMSNormalization,
} from '../../layers/normalization.js';
import {type KerasClasses, only} from './row.js';
import {truncatesSince} from './truncating.js';

export const normalization: KerasClasses = {
  BatchNormalization: {
    layer: BatchNormalization,
    options: {renorm: only(false)},
    masks: 'passes',
  },
  GroupNormalization: {
    layer: GroupNormalization,
    ...truncatesSince('3.7'),
    masks: 'passes',
  },
  LayerNormalization: {
    layer: LayerNormalization,
    ...truncatesSince('3.11'),
    masks: 'passes',
  },
  RMSNormalization: {layer: RMSNormalization, ...truncatesSince('3.11')},
  UnitNormalization: {masks: 'passes'},
};
