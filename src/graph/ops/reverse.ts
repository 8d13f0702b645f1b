/** ReverseV2. tfjs's kernel on wasm writes past its memory where the tensor is one of bool. */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

/** Inputs: a tensor, the axes. */
export const reverse: Op = ({inputs: [x, axes]}) => {
  const axis = Array.from(axes.dataSync());
  if (axis.length === 0) return tf.clone(x); // tfjs takes no axes for all of them.
  if (x.dtype !== 'bool') return tf.reverse(x, axis);
  return tf.cast(tf.reverse(tf.cast(x, 'int32'), axis), 'bool');
};
