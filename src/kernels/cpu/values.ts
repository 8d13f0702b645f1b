import type {DataId, TensorInfo, TypedArray} from '@tensorflow/tfjs-core';

/** What these kernels need of a backend: the `cpu` backend, or another whose numbers lie on the host. */
export interface HostBackend {
  data: {get(dataId: DataId): {values?: unknown}};
  makeTensorInfo(shape: number[], dtype: 'float32', values: TypedArray): TensorInfo;
}

/** The typed array behind a tensor; not a copy. */
export function values(backend: HostBackend, tensor: TensorInfo): TypedArray {
  return backend.data.get(tensor.dataId).values as TypedArray;
}
