/**
 * Layer normalisation composed of tfjs's own ops, for a backend without a kernel of ours.
 *
 * About ten passes over memory where a fused kernel makes two, but no statistic is ever tiled to
 * the size of x, which is what makes the built-in layer slow.
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
    const unscaled = tf.reshape(asTensor(inputs.x), [rows, cols]);
    const scale = safeScale(unscaled); // [rows, 1]
    const x = tf.mul(unscaled, scale);

    const mean = attrs.center ? rowMean(x) : tf.zerosLike(scale); // [rows, 1]
    let deviation = attrs.center ? tf.sub(x, mean) : x; // [rows, cols]
    const shift = attrs.center ? rowMean(deviation) : mean; // what the mean lost by rounding
    if (attrs.center) deviation = tf.sub(deviation, shift);

    const variance = rowMean(tf.square(deviation)); // [rows, 1]
    const epsilon = tf.mul(tf.square(scale), attrs.epsilon);
    const rstd = reciprocalRoot(tf.add(variance, epsilon));

    let y = tf.mul(deviation, rstd);
    if (inputs.gamma) y = tf.mul(y, asTensor(inputs.gamma));
    if (inputs.beta) y = tf.add(y, asTensor(inputs.beta));

    const unscaledMean = tf.div(tf.add(mean, shift), scale);
    const stats = tf.concat([unscaledMean, tf.mul(rstd, scale)], 1);
    return [tf.reshape(y, inputs.x.shape), stats];
  }) as unknown as LayerNormOutputs;
}

/**
 * [rows, 1]: 1, or for very large and very small rows a power of two (so that no digit is lost) by
 * which no square of x overflows or vanishes.
 */
function safeScale(x: tf.Tensor): tf.Tensor {
  const largest = tf.max(tf.abs(x), 1, true);
  const scale = tf.where(tf.greater(largest, 1e15), 2 ** -100, tf.onesLike(largest));
  return tf.where(tf.less(largest, 1e-15), 2 ** 60, scale);
}

function rowMean(x: tf.Tensor): tf.Tensor {
  return tf.mean(x, 1, true);
}

/** 1 / √v, and 0 for a constant row without epsilon, whose x̂ is 0. */
function reciprocalRoot(v: tf.Tensor): tf.Tensor {
  return tf.where(tf.equal(v, 0), tf.zerosLike(v), tf.div(1, tf.sqrt(v)));
}

/** The registration for a backend that has no kernel of its own. */
export function layerNormConfigComposed(backendName: string): tf.KernelConfig {
  return layerNormConfig(backendName, layerNorm);
}
