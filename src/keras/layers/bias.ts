/** How Keras adds a bias, along the last axis or another. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {withOneRank} from './broadcasting.js';

/**
 * y + bias, the bias of the rank of y or less.
 *
 * On TensorFlow, Keras takes a bias of one size above 1 for one along the last axis where that has the
 * size, else for one along axis 1 where that has it, whatever axis it was meant for. These are the
 * values that its models give.
 *
 * @param built the shape of y as the layer was built for, null where a size is open; undefined: the
 *     version of Keras adds as NumPy does.
 *
 * Source: `add` of keras/src/backend/tensorflow/numpy.py.
 */
export function addBias(y: tf.Tensor, bias: tf.Tensor, built?: Shape): tf.Tensor {
  const [size, ...others] = bias.shape.filter((each) => each > 1);
  if (!built || size === undefined || others.length || y.rank < 2)
    return tf.add(...withOneRank(y, bias));
  if (built.at(-1) === size) return tf.add(...withOneRank(y, tf.reshape(bias, [size])));
  if (built[1] !== size) return tf.add(...withOneRank(y, bias));
  return tf.add(y, tf.reshape(bias, [size, ...y.shape.slice(2).map(() => 1)]));
}
