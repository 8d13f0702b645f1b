import type {MathBackendCPU} from '@tensorflow/tfjs-backend-cpu';
import type {TensorInfo, TypedArray} from '@tensorflow/tfjs-core';

/** The typed array behind a tensor of the `cpu` backend; not a copy. */
export function values(backend: MathBackendCPU, tensor: TensorInfo): TypedArray {
  return backend.data.get(tensor.dataId).values as TypedArray;
}
