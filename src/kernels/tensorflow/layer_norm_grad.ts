/**
 * The gradient of layer normalisation on the `tensorflow` backend (Node): one TensorFlow op of our
 * own, in C, which reads and writes TensorFlow's memory. Its passes over memory:
 * addon/src/layer_norm_grad.c.
 */
import * as composed from '../composed/layer_norm_grad.js';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  layerNormGradConfig,
} from '../contract.js';
import * as cpu from '../cpu/layer_norm_grad.js';
import {hasAddon, type NodeJSKernelBackend} from './addon.js';
import {onHost} from './on_host.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: NodeJSKernelBackend;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  if (!hasAddon(backend)) {
    if (backend.isGPUPackage) return composed.layerNormGrad(args);
    return cpu.layerNormGrad({inputs, attrs, backend: onHost(backend)});
  }

  const {dy, x, stats, gamma} = inputs;
  const {TF_ATTR_BOOL, TF_ATTR_FLOAT} = backend.binding;
  const opAttrs = [
    {name: 'epsilon', type: TF_ATTR_FLOAT, value: attrs.epsilon},
    {name: 'center', type: TF_ATTR_BOOL, value: attrs.center},
    {name: 'scale', type: TF_ATTR_BOOL, value: gamma !== undefined},
  ];
  // The op has four inputs, always; x stands in the place of an absent gamma and is not read there.
  const opInputs = [dy, x, stats, gamma ?? x];
  const outputs = backend.executeMultipleOutputs('TfjsLayerNormGrad', opAttrs, opInputs, 3);
  const [dx, dgamma, dbeta] = outputs;
  return [dx, dgamma, dbeta];
}

export const layerNormGradConfigTensorflow = layerNormGradConfig('tensorflow', layerNormGrad);
