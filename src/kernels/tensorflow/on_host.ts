/**
 * The `tensorflow` backend in the form that our kernels for `cpu` take: tensors as typed arrays. So
 * those serve where the addon cannot be had, several times faster than TensorFlow's own ops.
 */
import type {MathBackendCPU} from '@tensorflow/tfjs-backend-cpu';
import type {DataId, TypedArray} from '@tensorflow/tfjs-core';
import type {NodeJSKernelBackend} from './addon.js';

/** Reading copies, unless TensorFlow has not seen the tensor yet; what is written is not copied. */
export function onHost(backend: NodeJSKernelBackend): MathBackendCPU {
  const values = (dataId: DataId) => backend.readSync(dataId) as TypedArray;
  const host: Pick<MathBackendCPU, 'makeTensorInfo'> & {data: {get(dataId: DataId): unknown}} = {
    data: {get: (dataId) => ({values: values(dataId)})},
    makeTensorInfo: (shape, dtype, values) => ({
      dataId: backend.write(values as TypedArray, shape, dtype),
      shape,
      dtype,
    }),
  };
  return host as MathBackendCPU;
}
