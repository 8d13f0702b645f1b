/** Makes `tf.loadLayersModel` build the layers that Keras has and tfjs lacks. */
import {serialization} from '@tensorflow/tfjs-core';
import {GroupNormalization} from './group_normalization.js';
import {GRU, GRUCell} from './gru.js';
import {AttachMask, GlobalAveragePooling1D, MaskOf} from './masks.js';
import {MultiHeadAttention} from './multi_head_attention.js';
import {UnitNormalization} from './unit_normalization.js';

/** `GRU`, `GRUCell` and `GlobalAveragePooling1D` take the built-ins' places. Safe to repeat. */
export function registerKerasLayers(): void {
  serialization.registerClass(AttachMask);
  serialization.registerClass(GlobalAveragePooling1D);
  serialization.registerClass(GroupNormalization);
  serialization.registerClass(GRU);
  serialization.registerClass(GRUCell);
  serialization.registerClass(MaskOf);
  serialization.registerClass(MultiHeadAttention);
  serialization.registerClass(UnitNormalization);
}
