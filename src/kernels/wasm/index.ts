/** The `wasm` backend. Its kernels are a WebAssembly module of our own, on the backend's memory. */
import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import type {FusedBackend} from '../backend.js';
import {addLayerNorm} from './add_layer_norm.js';
import {layerNorm} from './layer_norm.js';
import {layerNormGrad} from './layer_norm_grad.js';

export const wasm: FusedBackend<BackendWasm> = {
  name: 'wasm',
  kernels: {LayerNorm: layerNorm, LayerNormGrad: layerNormGrad, AddLayerNorm: addLayerNorm},
};
