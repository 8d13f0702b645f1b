/**
 * Select and SelectV2. tfjs's kernel on wasm takes tensors of bool for tensors of float32, and
 * writes past their end; as int32 they have the size that it expects.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

/** A condition that broadcasts against the two tensors. */
export const selectV2: Op = ({inputs: [condition, a, b]}) => where(condition, a, b);

/** A condition of one dimension chooses whole rows of the two tensors. */
export const select: Op = ({inputs: [condition, a, b]}) => {
  if (condition.rank !== 1) return where(condition, a, b);
  const rows = tf.reshape(condition, [condition.size, ...a.shape.slice(1).map(() => 1)]);
  return where(rows, a, b);
};

/** `tf.where`, for tensors of bool too. */
export function where(condition: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.dtype !== 'bool') return tf.where(condition, a, b);
  return tf.cast(tf.where(condition, tf.cast(a, 'int32'), tf.cast(b, 'int32')), 'bool');
}
