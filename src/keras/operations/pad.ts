/** Padding of tensors of any rank. */
import * as tf from '@tensorflow/tfjs-core';

/** The most dimensions of a tensor that tfjs pads on each backend; on webgl it pads no larger one. */
const MOST_DIMENSIONS = 4;

/** x with `value` before and after each axis, so many times as `paddings` says. */
export function padTensor(x: tf.Tensor, paddings: [number, number][], value = 0): tf.Tensor {
  if (x.rank <= MOST_DIMENSIONS) return tf.pad(x, paddings, value);
  return tf.tidy(() => {
    let y = x;
    for (const [axis, [before, after]] of paddings.entries()) {
      if (before + after === 0) continue;
      const {shape} = y;
      const inner = tf.util.sizeFromShape(shape.slice(axis + 1));
      const outer = tf.util.sizeFromShape(shape.slice(0, axis));
      const alone = tf.reshape(y, [outer, shape[axis], inner]);
      const padded = tf.pad(
        alone,
        [
          [0, 0],
          [before, after],
          [0, 0],
        ],
        value,
      );
      y = tf.reshape(
        padded,
        shape.map((n, i) => (i === axis ? n + before + after : n)),
      );
    }
    return y === x ? tf.clone(x) : y;
  });
}
