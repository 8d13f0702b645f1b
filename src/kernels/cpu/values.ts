import type {TensorInfo, TypedArray} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../backend.js';

/** The typed array that holds a tensor's numbers; it is not a copy. */
export function values(backend: HostBackend, tensor: TensorInfo): TypedArray {
  return backend.data.get(tensor.dataId).values as TypedArray;
}
