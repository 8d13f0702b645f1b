/**
 * Layer normalisation for TensorFlow.js. Importing this registers the kernels, their gradients and
 * the layers.
 */
import {registerGradients} from './gradients/register.js';
import {registerKernels} from './kernels/register.js';
import {registerLayers} from './layers/register.js';

registerKernels();
registerGradients();
registerLayers();

export {type KernelReport, kernelReport, usesFusedKernel} from './kernels/register.js';
export {
  AddLayerNormalization,
  type AddLayerNormalizationArgs,
  addLayerNormalization,
} from './layers/add_layer_normalization.js';
export {
  GroupNormalization,
  type GroupNormalizationArgs,
  groupNormalization,
} from './layers/group_normalization.js';
export {
  LayerNormalization,
  type LayerNormalizationArgs,
  layerNormalization,
} from './layers/layer_normalization.js';
export {
  RMSNormalization,
  type RMSNormalizationArgs,
  rmsNormalization,
} from './layers/rms_normalization.js';
export {
  UnitNormalization,
  type UnitNormalizationArgs,
  unitNormalization,
} from './layers/unit_normalization.js';
export {addLayerNorm} from './ops/add_layer_norm.js';
export {addRmsNorm} from './ops/add_rms_norm.js';
export {type LayerNormOptions, layerNorm} from './ops/layer_norm.js';
export {type RmsNormOptions, rmsNorm} from './ops/rms_norm.js';
