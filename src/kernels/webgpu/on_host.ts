/**
 * The `webgpu` backend in the form that our kernels for `cpu` take, for small tensors that are not
 * on the GPU: the backend would rather compute with them on the CPU than upload them.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../cpu/values.js';

/** `undefined` where these are to be computed with on the GPU. */
export function onHost(backend: WebGPUBackend, tensors: TensorInfo[]): HostBackend | undefined {
  if (!backend.shouldExecuteOnCPU(tensors)) return undefined;
  const {tensorMap} = backend as unknown as {tensorMap: HostBackend['data']};
  // Without values: a kernel's output that nothing has been written to yet.
  if (tensors.some(({dataId}) => tensorMap.get(dataId).values == null)) return undefined;
  return {
    data: tensorMap,
    makeTensorInfo: (shape, dtype, values) => backend.makeTensorInfo(shape, dtype, values),
  };
}
