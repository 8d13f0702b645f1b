/** Which positions a position sees, by the order of the positions alone: [1, T, S], 1 where it does. */
import * as tf from '@tensorflow/tfjs-core';

/** Each sees itself and those before it. */
export function causalMask(T: number, S: number): tf.Tensor {
  return tf.linalg.bandPart(tf.ones([1, T, S]), -1, 0);
}

/** Each sees those less than `width` away. */
export function windowMask(T: number, S: number, width: number): tf.Tensor {
  const [before, after] = [T, S].map((most) => Math.min(width - 1, most));
  return tf.linalg.bandPart(tf.ones([1, T, S]), before, after);
}
