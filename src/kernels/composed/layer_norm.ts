/**
 * Layer normalisation composed of tfjs's own ops, for a backend without a kernel of ours.
 *
 * Four reductions read x, and seven passes write as many numbers as it has, where a fused kernel
 * makes two passes in all. But no statistic is ever tiled to the size of x, which is what makes the
 * built-in layer slow.
 *
 * Each row is first moved by its own first number and divided by its range. So it is exactly 0 if it
 * is constant, no square overflows or vanishes, and the mean is taken of numbers that are as small
 * as their spread, whatever x is.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  rowsAndCols,
} from '../contract.js';
import {asTensor, firstOf, reshaped, rowMean} from './tensors.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
}): LayerNormOutputs {
  const {inputs, attrs} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  return tf.tidy(() => {
    const x = reshaped(asTensor(inputs.x), [rows, cols]);
    const least = tf.min(x, 1, true); // [rows, 1], as all the statistics are
    const greatest = tf.max(x, 1, true);
    // max x − min x; without centring max |x|.
    const spread = attrs.center ? tf.sub(greatest, least) : tf.maximum(greatest, tf.neg(least));
    const range = tf.maximum(spread, leastRange(attrs.epsilon));

    const x0 = firstOf(x);
    let deviation = tf.div(attrs.center ? tf.sub(x, x0) : x, range); // [rows, cols]
    const scaledM = attrs.center ? rowMean(deviation) : undefined;
    if (scaledM) deviation = tf.sub(deviation, scaledM);

    const variance = rowMean(tf.square(deviation));
    const epsilon = tf.square(tf.div(Math.sqrt(attrs.epsilon), range));
    const rstd = reciprocalRoot(tf.add(variance, epsilon), attrs.epsilon);

    let y = tf.mul(deviation, rstd);
    if (inputs.gamma) y = tf.mul(y, asTensor(inputs.gamma));
    if (inputs.beta) y = tf.add(y, asTensor(inputs.beta));

    const m = scaledM ? tf.mul(scaledM, range) : tf.zerosLike(x0);
    const stats = tf.concat([m, tf.div(rstd, range)], 1);
    return [reshaped(y, inputs.x.shape), stats];
  }) as unknown as LayerNormOutputs;
}

/**
 * A smaller range is taken for this one, so that neither 1 / range nor epsilon / range² overflows.
 * Where a row's range is smaller, its variance is nothing beside epsilon.
 */
function leastRange(epsilon: number): number {
  return Math.max(1e-37, 1e-10 * Math.sqrt(epsilon));
}

/** 1 / √v, and 0 where v is 0, as it is for a constant row without epsilon, whose x̂ is 0. */
function reciprocalRoot(v: tf.Tensor, epsilon: number): tf.Tensor {
  const root = tf.sqrt(v); // not rsqrt, which on some backends is an approximation
  return epsilon > 0 ? tf.reciprocal(root) : tf.divNoNan(tf.onesLike(v), root);
}
