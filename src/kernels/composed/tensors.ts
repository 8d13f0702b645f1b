/** What both composed kernels need of tensors. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * The input of a kernel as a tensor that ops can be called on. Kernels are typed to take a TensorInfo,
 * but what tfjs hands them are the very tensors that the op was called with.
 */
export function asTensor(info: tf.TensorInfo): tf.Tensor {
  return info instanceof tf.Tensor ? info : tf.engine().makeTensorFromTensorInfo(info);
}

/** Reshapes x unless it has the shape: a call of tfjs takes time even where it has nothing to do. */
export function reshaped(x: tf.Tensor, shape: number[]): tf.Tensor {
  return tf.util.arraysEqual(x.shape, shape) ? x : tf.reshape(x, shape);
}

/** [rows, cols] to [rows, 1]: each row's first number. */
export function firstOf(x: tf.Tensor): tf.Tensor {
  return tf.slice(x, 0, [x.shape[0], 1]);
}

/** [rows, cols] to [rows, 1]: each row's mean. */
export function rowMean(x: tf.Tensor): tf.Tensor {
  return tf.mean(x, 1, true);
}
