/**
 * The gradient of layer normalisation on the `tensorflow` backend (Node): one TensorFlow op of our
 * own, in C, which reads and writes TensorFlow's memory: two passes over each row of x and dy, which
 * stay in the cache, so memory is read once and written once (addon/src/layer_norm_grad.c).
 */
import type {LayerNormAttrs, LayerNormGradInputs, LayerNormGradOutputs} from '../contract.js';
import {type NodeJSKernelBackend, runOp} from './addon.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: NodeJSKernelBackend;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {dy, x, stats, gamma} = inputs;
  // The op has four inputs, always; x stands in the place of an absent gamma and is not read there.
  const opInputs = [dy, x, stats, gamma ?? x];
  const {epsilon, center} = attrs;
  const options = {epsilon, center, scale: gamma !== undefined};
  const [dx, dgamma, dbeta] = runOp(backend, 'TfjsLayerNormGrad', options, opInputs, 3);
  return [dx, dgamma, dbeta]; // [..., cols] as x, [cols], [cols]
}
