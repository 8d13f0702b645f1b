import {attentionInputs, MultiHeadAttention} from '../../layers/multi_head_attention.js';
import {snakeCase} from '../saved.js';
import {type KerasClasses, only} from './row.js';

export const attention: KerasClasses = {
  MultiHeadAttention: {
    layer: MultiHeadAttention,
    options: {use_gate: only(false), sliding_window: only(null)},
    tensors: attentionInputs.map(snakeCase),
    namesInputs: true,
    callOptions: ['use_causal_mask'],
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
