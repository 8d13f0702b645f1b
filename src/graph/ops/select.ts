/**
 * Select and SelectV2. tfjs's kernel on wasm takes tensors of bool for tensors of float32, and
 * writes past their end; as int32 they have the size that it expects. Its kernel on webgl knows four
 * dimensions at most; of more, one is made.
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

/** `tf.where`, for tensors of bool and of more than four dimensions too. */
export function where(condition: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.dtype === 'bool') {
    return tf.cast(where(condition, tf.cast(a, 'int32'), tf.cast(b, 'int32')), 'bool');
  }
  const all = [condition, a, b];
  if (all.every(({rank}) => rank <= 4)) return tf.where(condition, a, b);
  const shape = all
    .map((tensor) => tensor.shape as number[])
    .reduce((one, other) => tf.broadcast_util.assertAndGetBroadcastShape(one, other));
  const flat = all.map((tensor) => tf.reshape(broadcast(tensor, shape), [-1]));
  return tf.reshape(tf.where(flat[0], flat[1], flat[2]), shape);
}

/** Its kernel takes no tensors of bool on every backend. */
function broadcast(tensor: tf.Tensor, shape: number[]): tf.Tensor {
  if (tensor.dtype !== 'bool') return tf.broadcastTo(tensor, shape);
  return tf.cast(tf.broadcastTo(tf.cast(tensor, 'int32'), shape), 'bool');
}
