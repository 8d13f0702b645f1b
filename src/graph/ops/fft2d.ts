/** FFT2D and IFFT2D: the transform along the last axis, then along the one before it. */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

export const fft2d: Op = ({inputs: [x]}) => alongBoth(x, tf.fft);

export const ifft2d: Op = ({inputs: [x]}) => alongBoth(x, tf.ifft);

function alongBoth(x: tf.Tensor, transform: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  return swapLast(transform(swapLast(transform(x))));
}

/**
 * Exchanges the last two axes. The parts are moved alone, since not every backend transposes complex numbers;
 * and they are given the shape of the whole, since webgl's transform leaves them as rows.
 */
function swapLast(x: tf.Tensor): tf.Tensor {
  const order = Array.from({length: x.rank}, (_, i) => i);
  order.push(...order.splice(x.rank - 2, 1));
  const moved = (part: tf.Tensor) => tf.transpose(tf.reshape(part, x.shape), order);
  return tf.complex(moved(tf.real(x)), moved(tf.imag(x)));
}
