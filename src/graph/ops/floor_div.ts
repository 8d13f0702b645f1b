/**
 * FloorDiv. tfjs gives quotients of floats the dtype int32 (cpu), and those of integers float32 (wasm).
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

export const floorDiv: Op = ({inputs: [a, b]}) => {
  if (a.dtype === 'float32') return tf.floor(tf.div(a, b));
  return tf.cast(tf.floorDiv(a, b), 'int32');
};
