/**
 * tfjs can save for the gradient only tensors that exist, so that an input that is absent needs
 * something in its place: an empty tensor, which no real input is, since kernels are never called on
 * nothing. Only this file knows what it looks like.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Stands in the place of an absent input of a kernel. */
export function placeholder(): tf.Tensor {
  return tf.tensor1d([], 'float32');
}

/** Whether a kernel's input is absent: not there, or a placeholder. */
export function isAbsent(tensor: tf.TensorInfo | null | undefined): boolean {
  return tensor == null || tensor.shape[0] === 0;
}

/** The inputs that are there, without placeholders. */
export function withoutAbsent(inputs: tf.NamedTensorInfoMap): Record<string, tf.TensorInfo> {
  const present: Record<string, tf.TensorInfo> = {};
  for (const [name, tensor] of Object.entries(inputs)) {
    if (tensor && !isAbsent(tensor)) present[name] = tensor;
  }
  return present;
}
