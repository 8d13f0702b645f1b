/**
 * The `webgl` backend in the form that our kernels for `cpu` take, for small tensors that are not on
 * the GPU: the backend would rather compute with them on the CPU than upload them.
 */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../cpu/values.js';

/** `undefined` where these are to be computed with on the GPU. */
export function onHost(backend: MathBackendWebGL, tensors: TensorInfo[]): HostBackend | undefined {
  if (!backend.shouldExecuteOnCPU(tensors)) return undefined;
  return {
    data: backend.texData,
    makeTensorInfo: (shape, dtype, values) => backend.makeTensorInfo(shape, dtype, values),
  };
}
