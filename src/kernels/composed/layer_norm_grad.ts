/**
 * The gradient of layer normalisation composed of tfjs's own ops, for a backend without a kernel
 * of ours. The derivation is in `reference.ts`, whose names are used here.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  layerNormGradConfig,
  rowsAndCols,
} from '../contract.js';
import {asTensor} from './as_tensor.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
}): LayerNormGradOutputs {
  const {inputs, attrs} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  return tf.tidy(() => {
    const dy = tf.reshape(asTensor(inputs.dy), [rows, cols]);
    const x = tf.reshape(asTensor(inputs.x), [rows, cols]);
    const [mean, rstd] = tf.split(asTensor(inputs.stats), 2, 1); // [rows, 1] each

    let xhat = tf.mul(tf.sub(x, mean), rstd);
    // The saved mean was rounded to float32: beside a mean of 1e7 that is an error of 0.5.
    if (attrs.center) xhat = tf.sub(xhat, rowMean(xhat));

    const dgamma = tf.sum(tf.mul(dy, xhat), 0); // [cols]
    const dbeta = tf.sum(dy, 0); // [cols]

    const g = inputs.gamma ? tf.mul(dy, asTensor(inputs.gamma)) : dy;
    let dx = tf.sub(g, tf.mul(xhat, rowMean(tf.mul(g, xhat))));
    if (attrs.center) dx = tf.sub(dx, rowMean(g));
    dx = tf.reshape(tf.mul(dx, rstd), inputs.x.shape);
    return [dx, dgamma, dbeta];
  }) as unknown as LayerNormGradOutputs;
}

function rowMean(x: tf.Tensor): tf.Tensor {
  return tf.mean(x, 1, true);
}

/** The registration for a backend that has no kernel of its own. */
export function layerNormGradConfigComposed(backendName: string): tf.KernelConfig {
  return layerNormGradConfig(backendName, layerNormGrad);
}
