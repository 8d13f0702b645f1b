/**
 * Layer normalisation of a sum on the `tensorflow` backend (Node): one TensorFlow op of our own, in C,
 * which reads and writes TensorFlow's memory: a row is added, and normalised in two passes while it is
 * in the cache, so memory is read twice and written twice (addon/src/add_layer_norm.c).
 */
import type {AddLayerNormInputs, AddLayerNormOutputs, LayerNormAttrs} from '../contract.js';
import {type NodeJSKernelBackend, runOp} from './addon.js';

export function addLayerNorm(args: {
  inputs: AddLayerNormInputs;
  attrs: LayerNormAttrs;
  backend: NodeJSKernelBackend;
}): AddLayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {x, residual, gamma, beta} = inputs;
  // The op has four inputs, always; x stands in the place of an absent one and is not read there.
  const opInputs = [x, residual, gamma ?? x, beta ?? x];
  const {epsilon, center} = attrs;
  const options = {epsilon, center, scale: gamma !== undefined, offset: beta !== undefined};
  const [y, stats, sum] = runOp(backend, 'TfjsAddLayerNorm', options, opInputs, 3);
  return [y, stats, sum]; // [..., cols] as x, [rows, 2], [..., cols] as x
}
