import {AdditiveAttention, Attention} from '../../layers/attention/attention.js';
import {GroupQueryAttention} from '../../layers/attention/grouped_query_attention.js';
import {MultiHeadAttention} from '../../layers/attention/multi_head_attention.js';
import {attentionInputs} from '../../layers/attention/named_inputs.js';
import {type Json, snakeCase} from '../saved.js';
import {inVersion, type KerasVersion} from '../version.js';
import type {KerasClass, KerasClasses} from './row.js';

const callOptions = ['use_causal_mask', 'return_attention_scores'];

/** Called on a list of a query, a value and perhaps a key, with a list of their masks. */
const ofList: KerasClass = {
  tensors: ['inputs', 'mask'],
  listed: ['query', 'value', 'key'],
  namesInputs: true,
  callOptions,
  masks: 'passes',
  usesMask: 'named',
};

/** Called on each tensor by itself, with the heads' projections as layers in Keras. */
const ofHeads: KerasClass = {
  tensors: attentionInputs.map(snakeCase),
  namesInputs: true,
  callOptions,
  adds: zeroUnseeing,
  masks: 'passes',
  usesMask: 'named',
  folders: {
    query: 'query_dense',
    key: 'key_dense',
    gate: 'gate_dense',
    value: 'value_dense',
    attention_output: 'output_dense',
  },
};

export const attention: KerasClasses = {
  AdditiveAttention: {...ofList, layer: AdditiveAttention},
  Attention: {...ofList, layer: Attention},
  GroupQueryAttention: {...ofHeads, layer: GroupQueryAttention, inPython: 'GroupedQueryAttention'},
  GroupedQueryAttention: {...ofHeads, playedBy: 'GroupQueryAttention'}, // so in an .h5 file
  MultiHeadAttention: {
    ...ofHeads,
    layer: MultiHeadAttention,
    takesMasksOff: {'3.8': true}, // `set_keras_mask(query, None)` in its call
  },
};

/**
 * The softmax layer sets masked weights to 0 since 3.10. Attention has it compute them only where
 * `dot_product_attention` does not, which the class of tfjs knows when it is called.
 *
 * Source: `_compute_attention` of layers/attention/multi_head_attention.py and
 * layers/activations/softmax.py.
 */
export function zeroUnseeing(_config: Json, version: KerasVersion): Json {
  return inVersion({'2.0': false, '3.10': true}, version) ? {zero_unseeing: true} : {};
}
