/**
 * BatchMatMulV2 and V3. tfjs computes too few products where either side has a batch dimension that
 * broadcasts against the other's.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, sizeOf} from './op.js';

export const batchMatMul: Op = ({inputs: [a, b], attrs}) => {
  const [left, right] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const multiply = (x: tf.Tensor, y: tf.Tensor) =>
    tf.matMul(x, y, Boolean(attrs.adj_x), Boolean(attrs.adj_y));
  // tfjs repeats the one whole batch of a side, not the single dimensions of one.
  const repeatsWhole = sizeOf(left) === 1 || sizeOf(right) === 1;
  if (repeatsWhole || tf.util.arraysEqual(left, right)) return multiply(a, b);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left, right);
  const repeated = (x: tf.Tensor) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return multiply(repeated(a), repeated(b));
};
