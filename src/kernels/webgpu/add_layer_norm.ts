/**
 * Layer normalisation of a sum on the `webgpu` backend, by the shaders of layer normalisation
 * (`layer_norm.ts`): they add where they read, and write the sum beside y.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {AddLayerNormInputs, AddLayerNormOutputs, LayerNormAttrs} from '../contract.js';
import {runLayerNorm} from './layer_norm.js';

export function addLayerNorm(args: {
  inputs: AddLayerNormInputs;
  attrs: LayerNormAttrs;
  backend: WebGPUBackend;
}): AddLayerNormOutputs {
  const {y, stats, sum} = runLayerNorm(args);
  return [y, stats, sum as TensorInfo];
}
