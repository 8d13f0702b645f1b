/** Small ops, most of them on single elements, that tfjs lacks, or computes wrongly for integers. */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, scalarOf} from './op.js';

export const softsign: Op = ({inputs: [x]}) => tf.div(x, tf.add(1, tf.abs(x)));

/** To the nearest whole number, from the middle to the even one. */
export const rint: Op = ({inputs: [x]}) => tf.round(x);

export const inv: Op = ({inputs: [x]}) => tf.reciprocal(x);

export const l2Loss: Op = ({inputs: [x]}) => tf.div(tf.sum(tf.square(x)), 2);

/** The quotient without its fraction. */
export const truncateDiv: Op = ({inputs: [a, b]}) => truncated(a, b);

/** The rest of a division, with the sign of the dividend. tfjs gives that of the divisor. */
export const truncateMod: Op = ({inputs: [a, b]}) => tf.sub(a, tf.mul(truncated(a, b), b));

function truncated(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const sign = tf.mul(tf.sign(a), tf.sign(b));
  const quotient = tf.mul(sign, tf.floor(tf.div(castTo(tf.abs(a)), castTo(tf.abs(b)))));
  return tf.cast(quotient, a.dtype);
}

const castTo = (x: tf.Tensor) => tf.cast(x, 'float32');

/** x / y, and 0 where x is. */
export const xdivy: Op = ({inputs: [x, y]}) => zeroWhereFirstIs(x, tf.div(x, y));

/** x · log(y), and 0 where x is. */
export const xlogy: Op = ({inputs: [x, y]}) => zeroWhereFirstIs(x, tf.mul(x, tf.log(y)));

function zeroWhereFirstIs(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.where(tf.broadcastTo(tf.equal(x, 0), y.shape), tf.zerosLike(y), y);
}

/** Powers of integers: tfjs's kernel on webgpu cuts off the fraction of an inexact float. */
export const pow: Op = ({inputs: [base, exponent]}) => {
  const power = tf.pow(base, exponent);
  if (power.dtype !== 'int32') return power;
  const rounded = tf.round(tf.pow(castTo(base), castTo(exponent)));
  const isExact = tf.less(tf.abs(rounded), 2 ** 24); // Larger integers are no float32.
  return tf.where(isExact, tf.cast(rounded, 'int32'), power);
};

/** Inputs: a tensor, the bounds. tfjs's kernel on wasm takes the bits of integers for floats. */
export const clip: Op = ({inputs: [x, low, high]}) =>
  x.dtype === 'float32'
    ? tf.clipByValue(x, scalarOf(low), scalarOf(high))
    : tf.minimum(tf.maximum(x, low), high);

/** tfjs reads the inputs under names that the op's definition has not. */
export const bitwiseAnd: Op = ({inputs: [a, b]}) => tf.bitwiseAnd(a, b);

/** Where each of the numbers 0, 1, …, n − 1 stands. */
export const invertPermutation: Op = ({inputs: [x]}) =>
  tf.scatterND(tf.reshape(x, [-1, 1]), tf.range(0, x.size, 1, 'int32'), [x.size]);
