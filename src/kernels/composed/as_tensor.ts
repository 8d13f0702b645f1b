import * as tf from '@tensorflow/tfjs-core';

/**
 * The input of a kernel as a tensor that ops can be called on. Kernels are typed to take a TensorInfo,
 * but what tfjs hands them are the very tensors that the op was called with.
 */
export function asTensor(info: tf.TensorInfo): tf.Tensor {
  return info instanceof tf.Tensor ? info : tf.engine().makeTensorFromTensorInfo(info);
}
