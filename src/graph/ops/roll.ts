/** Roll: moves a tensor along its axes, and what leaves at the end comes in at the start. */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis} from './op.js';

/** Inputs: a tensor, the shifts, the axis of each shift. */
export const roll: Op = ({inputs: [x, shifts, axes]}) => {
  const axisOf = Array.from(axes.dataSync());
  let rolled = x;
  Array.from(shifts.dataSync()).forEach((shift, i) => {
    rolled = rollAlong(rolled, shift, positiveAxis(axisOf[i], x.rank));
  });
  return rolled;
};

function rollAlong(x: tf.Tensor, shift: number, axis: number): tf.Tensor {
  const size = x.shape[axis];
  const moved = size === 0 ? 0 : ((shift % size) + size) % size;
  if (moved === 0) return x;
  const [front, back] = tf.split(x, [size - moved, moved], axis);
  return tf.concat([back, front], axis);
}
