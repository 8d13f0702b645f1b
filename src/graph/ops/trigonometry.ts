/**
 * Sin and Cos, for backends whose own are rough: a GPU may be off by 1 in 2048, which shows in a model whose
 * rotary positions are computed in the graph.
 *
 * x is brought to r within ±π/4 by whole quarters of the circle, π/2 taken away in three parts of few digits
 * each, so that their multiples are exact; there short polynomials serve. Constants: Cephes, `sinf` and
 * `cosf` (Moshier 1992).
 */
import * as tf from '@tensorflow/tfjs-core';
import {traits} from '../../kernels/traits.js';
import type {Op} from './op.js';

export const sin: Op = ({inputs: [x]}) => (traits().hasRoughSines ? sineFrom(x, 0) : tf.sin(x));

export const cos: Op = ({inputs: [x]}) => (traits().hasRoughSines ? sineFrom(x, 1) : tf.cos(x));

const QUARTER = [1.5703125, 4.837512969970703e-4, 7.549789954891882e-8];
const SINE = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1];
const COSINE = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2];

/** The sine of x, so many quarters of the circle further. */
function sineFrom(x: tf.Tensor, quarters: number): tf.Tensor {
  const whole = tf.round(tf.mul(x, 2 / Math.PI));
  const r = QUARTER.reduce((rest, part) => tf.sub(rest, tf.mul(whole, part)), x);
  const z = tf.square(r);
  const sine = tf.add(r, tf.mul(tf.mul(r, z), polynomial(z, SINE)));
  const cosine = tf.add(tf.sub(1, tf.mul(z, 0.5)), tf.mul(tf.square(z), polynomial(z, COSINE)));
  const at = tf.add(whole, quarters);
  const half = tf.floor(tf.mul(at, 0.5));
  const isOdd = tf.sub(at, tf.mul(half, 2));
  const isNegative = tf.sub(half, tf.mul(tf.floor(tf.mul(half, 0.5)), 2));
  const size = tf.add(sine, tf.mul(isOdd, tf.sub(cosine, sine)));
  return tf.mul(size, tf.sub(1, tf.mul(isNegative, 2)));
}

/** The polynomial by Horner's rule, the coefficient of the highest power first. */
function polynomial(z: tf.Tensor, [first, ...rest]: number[]): tf.Tensor {
  const start = tf.add(tf.mul(z, first), rest[0]);
  return rest.slice(1).reduce((sum, coefficient) => tf.add(tf.mul(sum, z), coefficient), start);
}
