import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import type {TensorInfo, TypedArray} from '@tensorflow/tfjs-core';

/**
 * The numbers of small tensors that are not on the GPU, where the backend would rather compute with
 * them on the CPU than upload them; `undefined` where it would not.
 */
export function valuesOnCpu(
  backend: MathBackendWebGL,
  tensors: (TensorInfo | undefined)[],
): (TypedArray | undefined)[] | undefined {
  if (!backend.shouldExecuteOnCPU(tensors.filter((tensor) => tensor != null))) return undefined;
  return tensors.map(
    (tensor) => tensor && (backend.texData.get(tensor.dataId).values as TypedArray),
  );
}
