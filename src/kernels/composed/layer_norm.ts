/**
 * Layer normalisation composed of tfjs's own ops, for a backend without a kernel of ours.
 *
 * Four sums over x and seven passes that write, where a fused kernel has two passes; but no
 * statistic is ever tiled to the size of x, which is what makes the built-in layer slow.
 *
 * Each row is first brought to [0, 1] by its least number and its range. So it is exactly 0 if it
 * is constant, no square overflows or vanishes, and the mean is taken of numbers that are as small
 * as their spread, whatever x is: no second sum need correct it.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  layerNormConfig,
  rowsAndCols,
} from '../contract.js';
import {asTensor} from './as_tensor.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
}): LayerNormOutputs {
  const {inputs, attrs} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  return tf.tidy(() => {
    const x = reshaped(asTensor(inputs.x), [rows, cols]);
    const least = tf.min(x, 1, true); // [rows, 1], as all the statistics
    const greatest = tf.max(x, 1, true);
    const range = attrs.center ? tf.sub(greatest, least) : tf.maximum(greatest, tf.neg(least)); // of |x|
    const scale = tf.reciprocal(tf.maximum(range, MIN_RANGE));

    let deviation = tf.mul(attrs.center ? tf.sub(x, least) : x, scale); // [rows, cols]
    const mean = attrs.center ? rowMean(deviation) : undefined;
    if (mean) deviation = tf.sub(deviation, mean);

    const variance = rowMean(tf.square(deviation));
    const epsilon = tf.mul(tf.square(scale), attrs.epsilon);
    const rstd = reciprocalRoot(tf.add(variance, epsilon), attrs.epsilon);

    let y = tf.mul(deviation, rstd);
    if (inputs.gamma) y = tf.mul(y, asTensor(inputs.gamma));
    if (inputs.beta) y = tf.add(y, asTensor(inputs.beta));

    const unscaledMean = mean ? tf.add(least, tf.div(mean, scale)) : tf.zerosLike(least);
    const stats = tf.concat([unscaledMean, tf.mul(rstd, scale)], 1);
    return [reshaped(y, inputs.x.shape), stats];
  }) as unknown as LayerNormOutputs;
}

/** A range below this is taken for it: the square of its reciprocal is a float32. */
const MIN_RANGE = 1e-12;

function rowMean(x: tf.Tensor): tf.Tensor {
  return tf.mean(x, 1, true);
}

/** A call of tfjs takes its time, even if nothing is to be done. */
function reshaped(x: tf.Tensor, shape: number[]): tf.Tensor {
  return tf.util.arraysEqual(x.shape, shape) ? x : tf.reshape(x, shape);
}

/** 1 / √v; without epsilon, v may be 0: a constant row, whose x̂ is 0. */
function reciprocalRoot(v: tf.Tensor, epsilon: number): tf.Tensor {
  return epsilon > 0 ? tf.rsqrt(v) : tf.divNoNan(tf.onesLike(v), tf.sqrt(v));
}

/** The registration for a backend that has no kernel of its own. */
export function layerNormConfigComposed(backendName: string): tf.KernelConfig {
  return layerNormConfig(backendName, layerNorm);
}
