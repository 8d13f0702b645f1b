/** The `cpu` backend. Its kernels also stand in where tensors of another backend are on the host. */
import type {FusedBackend, HostBackend} from '../backend.js';
import {addLayerNorm} from './add_layer_norm.js';
import {layerNorm} from './layer_norm.js';
import {layerNormGrad} from './layer_norm_grad.js';

export const cpu: FusedBackend<HostBackend> = {
  name: 'cpu',
  kernels: {LayerNorm: layerNorm, LayerNormGrad: layerNormGrad, AddLayerNorm: addLayerNorm},
};
