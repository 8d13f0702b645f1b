/**
 * What holds of each element, 1 or 0. tfjs's own have no gradient at all, and its backward pass stops
 * with an error where one depends on what is trained: theirs is 0.
 */
import * as tf from '@tensorflow/tfjs-core';
import {withoutGradient} from './gradients.js';

type Operand = tf.Tensor | number;

const pair =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  (a: Operand, b: Operand): tf.Tensor => {
    const like = typeof a === 'number' ? b : a;
    const dtype = typeof like === 'number' ? 'float32' : like.dtype;
    const [x, y] = [a, b].map((operand) =>
      typeof operand === 'number' ? tf.scalar(operand, dtype) : operand,
    );
    return withoutGradient([x, y], () => f(x, y));
  };

const single = (f: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) =>
  withoutGradient([x], () => f(x));

export const less = pair(tf.less);
export const lessEqual = pair(tf.lessEqual);
export const greater = pair(tf.greater);
export const greaterEqual = pair(tf.greaterEqual);
export const equal = pair(tf.equal);
export const notEqual = pair(tf.notEqual);
export const isNan = single(tf.isNaN);
export const isInf = single(tf.isInf);
export const isFiniteNumber = single(tf.isFinite);
export const logicalAnd = pair(tf.logicalAnd);
export const logicalOr = pair(tf.logicalOr);
export const logicalNot = single(tf.logicalNot);
