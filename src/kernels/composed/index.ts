/**
 * The default of every kernel, composed of tfjs's ops or of other kernels. It serves a backend that
 * has no kernel of that name: the same values, more slowly.
 */
import type {Kernels} from '../contract.js';
import {addLayerNorm} from './add_layer_norm.js';
import {layerNorm} from './layer_norm.js';
import {layerNormGrad} from './layer_norm_grad.js';

export const composed: Kernels<unknown> = {
  LayerNorm: layerNorm,
  LayerNormGrad: layerNormGrad,
  AddLayerNorm: addLayerNorm,
};
