/**
 * Layer normalisation on the `tensorflow` backend (Node): one TensorFlow op of our own, in C, which
 * reads and writes TensorFlow's memory. Its passes over memory: addon/src/layer_norm.c.
 */
import * as composed from '../composed/layer_norm.js';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  layerNormConfig,
} from '../contract.js';
import * as cpu from '../cpu/layer_norm.js';
import {hasAddon, type NodeJSKernelBackend, runOp} from './addon.js';
import {onHost} from './on_host.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: NodeJSKernelBackend;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  if (!hasAddon(backend)) {
    if (backend.isGPUPackage) return composed.layerNorm(args);
    return cpu.layerNorm({inputs, attrs, backend: onHost(backend)});
  }

  const {x, gamma, beta} = inputs;
  // The op has three inputs, always; x stands in the place of an absent one and is not read there.
  const opInputs = [x, gamma ?? x, beta ?? x];
  const options = {...attrs, scale: gamma !== undefined, offset: beta !== undefined};
  const [y, stats] = runOp(backend, 'TfjsLayerNorm', options, opInputs, 2);
  return [y, stats];
}

export const layerNormConfigTensorflow = layerNormConfig('tensorflow', layerNorm);
