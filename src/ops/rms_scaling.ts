import * as tf from '@tensorflow/tfjs-core';
import {resolveAxes} from './axes.js';

/**
 * What Keras's `LayerNormalization(rms_scaling=True)` computes: y = γ·x / √(σ² + ε), where the
 * variance is taken about the mean, but x is not centred. Neither layer nor RMS normalisation;
 * here so that such models give the values they were trained for. Composed of tfjs's ops.
 *
 * @param x Any shape of rank ≥ 1, float32 or int32.
 * @param options gamma as for `layerNorm`; axis; epsilon.
 */
export function rmsScaling(
  x: tf.Tensor,
  options: {
    gamma?: tf.Tensor;
    axis: number | readonly number[];
    epsilon: number;
  },
): tf.Tensor {
  const axes = resolveAxes('rmsScaling', options.axis, x.rank);
  const mean = (v: tf.Tensor) => tf.mean(v, axes, true);
  const deviation = tf.sub(x, mean(x));
  const variance = mean(tf.square(tf.sub(deviation, mean(deviation)))); // twice: see reference.ts
  const y = tf.mul(x, tf.rsqrt(tf.add(variance, options.epsilon)));
  if (!options.gamma) return y;
  const broadcastShape = x.shape.map((size, i) => (axes.includes(i) ? size : 1));
  return tf.mul(y, tf.reshape(options.gamma, broadcastShape));
}
