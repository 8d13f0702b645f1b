/**
 * The `tensorflow` backend in the form that our kernels for `cpu` take: tensors as typed arrays. So
 * those serve where the addon cannot be had, several times faster than TensorFlow's own ops.
 */
import type {TypedArray} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../cpu/values.js';
import type {NodeJSKernelBackend} from './addon.js';

/** Reading copies, unless TensorFlow has not seen the tensor yet; what is written is not copied. */
export function onHost(backend: NodeJSKernelBackend): HostBackend {
  return {
    data: {get: (dataId) => ({values: backend.readSync(dataId) as TypedArray})},
    makeTensorInfo: (shape, dtype, values) => ({
      dataId: backend.write(values, shape, dtype),
      shape,
      dtype,
    }),
  };
}
