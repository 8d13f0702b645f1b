import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo, TypedArray} from '@tensorflow/tfjs-core';

/**
 * The numbers of small tensors that are not on the GPU, where the backend would rather compute with
 * them on the CPU than upload them; `undefined` where it would not.
 */
export function valuesOnCpu(
  backend: WebGPUBackend,
  tensors: (TensorInfo | undefined)[],
): (TypedArray | undefined)[] | undefined {
  if (!backend.shouldExecuteOnCPU(tensors.filter((tensor) => tensor != null))) return undefined;
  const {tensorMap} = backend as unknown as {
    tensorMap: {get(dataId: object): {values?: TypedArray}};
  };
  const values = tensors.map((tensor) => tensor && tensorMap.get(tensor.dataId).values);
  // An empty handle: a kernel's output that nothing has been written to yet.
  return values.some((value, i) => tensors[i] && value == null) ? undefined : values;
}
