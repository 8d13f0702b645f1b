import type {TensorInfo, TypedArray} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../backend.js';

/** The typed array behind a tensor; not a copy. */
export function values(backend: HostBackend, tensor: TensorInfo): TypedArray {
  return backend.data.get(tensor.dataId).values as TypedArray;
}
