/**
 * The gradient of layer normalisation composed of tfjs's own ops, for a backend without a kernel
 * of ours. The derivation is in `reference.ts`, whose names are used here.
 *
 * Four sums over [rows, cols] and a dozen passes that write, where a fused kernel has two passes.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  rowsAndCols,
} from '../contract.js';
import {asTensor, firstOf, reshaped, rowMean} from './tensors.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
}): LayerNormGradOutputs {
  const {inputs, attrs} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  return tf.tidy(() => {
    const dy = reshaped(asTensor(inputs.dy), [rows, cols]);
    const x = reshaped(asTensor(inputs.x), [rows, cols]);
    const [m, rstd] = tf.split(asTensor(inputs.stats), 2, 1); // [rows, 1] each

    const deviation = attrs.center ? tf.sub(tf.sub(x, firstOf(x)), m) : x;
    const xhat = tf.mul(deviation, rstd); // [rows, cols]

    const dgamma = tf.sum(tf.mul(dy, xhat), 0); // [cols]
    const dbeta = tf.sum(dy, 0); // [cols]

    const g = inputs.gamma ? tf.mul(dy, asTensor(inputs.gamma)) : dy;
    let dx = tf.mul(xhat, rowMean(tf.mul(g, xhat)));
    dx = tf.mul(tf.sub(attrs.center ? centered(g) : g, dx), rstd);
    return [reshaped(dx, inputs.x.shape), dgamma, dbeta];
  }) as unknown as LayerNormGradOutputs;
}

/** g − mean(g), taken about the row's first g: exactly 0 where all of them are equal. */
function centered(g: tf.Tensor): tf.Tensor {
  const deviation = tf.sub(g, firstOf(g));
  return tf.sub(deviation, rowMean(deviation));
}
