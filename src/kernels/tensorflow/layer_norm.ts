/**
 * Layer normalisation on the `tensorflow` backend (Node): one TensorFlow op of our own, in C, which
 * reads and writes TensorFlow's memory: two passes over each row, which stays in the cache, so memory
 * is read once and written once (addon/src/layer_norm.c).
 */
import type {LayerNormAttrs, LayerNormInputs, LayerNormOutputs} from '../contract.js';
import {type NodeJSKernelBackend, runOp} from './addon.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: NodeJSKernelBackend;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {x, gamma, beta} = inputs;
  // The op has three inputs, always; x stands in the place of an absent one and is not read there.
  const opInputs = [x, gamma ?? x, beta ?? x];
  const {epsilon, center} = attrs;
  const options = {epsilon, center, scale: gamma !== undefined, offset: beta !== undefined};
  const [y, stats] = runOp(backend, 'TfjsLayerNorm', options, opInputs, 2);
  return [y, stats]; // [..., cols] as x, [rows, 2]
}
