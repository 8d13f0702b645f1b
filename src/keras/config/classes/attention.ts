import {attentionInputs, MultiHeadAttention} from '../../layers/multi_head_attention.js';
import {type Json, snakeCase} from '../saved.js';
import {inVersion, type KerasVersion} from '../version.js';
import {type KerasClasses, only} from './row.js';

export const attention: KerasClasses = {
  MultiHeadAttention: {
    layer: MultiHeadAttention,
    options: {use_gate: only(false), sliding_window: only(null)},
    tensors: attentionInputs.map(snakeCase),
    namesInputs: true,
    callOptions: ['use_causal_mask'],
    adds: zeroUnseeing,
    masks: 'passes',
    usesMask: 'named',
    takesMasksOff: {'3.8': true}, // `set_keras_mask(query, None)` in its call
    folders: {
      query: 'query_dense',
      key: 'key_dense',
      value: 'value_dense',
      attention_output: 'output_dense',
    },
  },
};

/**
 * The softmax layer sets masked weights to 0 since 3.10. Attention has it compute them only where
 * `dot_product_attention` does not, which the class of tfjs knows when it is called.
 *
 * Source: `_compute_attention` of layers/attention/multi_head_attention.py and
 * layers/activations/softmax.py.
 */
function zeroUnseeing(_config: Json, version: KerasVersion): Json {
  return inVersion({'2.0': false, '3.10': true}, version) ? {zero_unseeing: true} : {};
}
