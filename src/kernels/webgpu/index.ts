/** The `webgpu` backend. Its kernels are compute shaders. */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {FusedBackend, HostBackend} from '../backend.js';
import {layerNorm} from './layer_norm.js';
import {layerNormGrad} from './layer_norm_grad.js';

export const webgpu: FusedBackend<WebGPUBackend> = {
  name: 'webgpu',
  kernels: {LayerNorm: layerNorm, LayerNormGrad: layerNormGrad},
  prefersHost,
  onHost,
};

/** Small tensors that are not on the GPU: tfjs would rather compute with them than upload them. */
function prefersHost(backend: WebGPUBackend, inputs: TensorInfo[]): boolean {
  const {data} = onHost(backend);
  // Without values there is a kernel's output that nothing has been written to yet.
  const haveValues = () => inputs.every(({dataId}) => data.get(dataId).values != null);
  return backend.shouldExecuteOnCPU(inputs) && haveValues();
}

function onHost(backend: WebGPUBackend): HostBackend {
  return {
    data: (backend as unknown as {tensorMap: HostBackend['data']}).tensorMap,
    makeTensorInfo: (shape, dtype, values) => backend.makeTensorInfo(shape, dtype, values),
  };
}
