import * as tf from '@tensorflow/tfjs-core';

/**
 * A kernel is typed to take a TensorInfo, but what tfjs hands it are the tensors that the op was
 * called with; those ops can be called on.
 */
export function asTensor(info: tf.TensorInfo): tf.Tensor {
  return info instanceof tf.Tensor ? info : tf.engine().makeTensorFromTensorInfo(info);
}
