/** The `webgl` backend. Its kernels are shaders of WebGL 2, for `texelFetch` and free loops. */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import type {FusedBackend, HostBackend, Obstacle} from '../backend.js';
import {layerNorm} from './layer_norm.js';
import {layerNormGrad} from './layer_norm_grad.js';

export const webgl: FusedBackend<MathBackendWebGL> = {
  name: 'webgl',
  includes: (backend) => 'runWebGLProgram' in backend,
  kernels: {LayerNorm: layerNorm, LayerNormGrad: layerNormGrad},
  obstacle,
  // Small tensors that are not on the GPU: tfjs would rather compute with them than upload them.
  prefersHost: (backend, inputs) => backend.shouldExecuteOnCPU(inputs),
  onHost,
};

function obstacle(backend: MathBackendWebGL | null): Obstacle | undefined {
  if (!backend || tf.env().getNumber('WEBGL_VERSION') === 2) return undefined;
  // WebKit's WebGL 1 leaves 11 bits of what tfjs packs into a texture.
  const values = "values as exact as those of tfjs's other ops on WebGL 1";
  return {reason: 'it runs on WebGL 1', standIn: 'composed', values};
}

function onHost(backend: MathBackendWebGL): HostBackend {
  return {
    data: backend.texData,
    makeTensorInfo: (shape, dtype, values) => backend.makeTensorInfo(shape, dtype, values),
  };
}
