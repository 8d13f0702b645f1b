/** Whole numbers as vectors, in the ways that the preprocessing layers of Keras share. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';

export type OutputMode = 'int' | 'one_hot' | 'multi_hot' | 'count';

/** The option as Keras spells it: tfjs brings texts of a saved config to camelCase, Keras 2 first said "binary". */
export function outputModeOf(option: string): OutputMode {
  const mode = option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return (mode === 'binary' ? 'multi_hot' : mode) as OutputMode;
}

/**
 * `one_hot`: each number as a vector that is 1 at its place. `multi_hot`: which numbers the last
 * dimension holds. `count`: how often it holds each.
 *
 * @param x int32, those below 0 are none
 * @param options.weights what each number counts, of the shape of x
 * @param options.keepsOne as of `encodedShape`
 */
export function encode(
  x: tf.Tensor,
  mode: OutputMode,
  depth: number,
  {weights, keepsOne}: {weights?: tf.Tensor; keepsOne?: boolean} = {},
): tf.Tensor {
  if (mode === 'int') return x.clone();
  // On webgpu a cast leaves whole numbers as they are in memory, which its transposition, and so a sum
  // over an inner dimension, cannot read; a product writes them anew.
  const vectors = tf.mul(tf.cast(tf.oneHot(tf.cast(x, 'int32'), depth), 'float32'), 1); // [..., n, depth]
  if (mode === 'one_hot')
    return tf.reshape(vectors, encodedShape(x.shape, mode, depth, keepsOne) as number[]);
  if (mode === 'multi_hot') return tf.max(vectors, -2);
  const weighted = weights
    ? tf.mul(vectors, tf.expandDims(tf.cast(weights, 'float32'), -1))
    : vectors;
  return tf.sum(weighted, -2);
}

/**
 * The shape that `encode` gives.
 *
 * @param keepsOne `one_hot` leaves a last dimension of 1, which it otherwise takes away
 */
export function encodedShape(
  input: Shape,
  mode: OutputMode,
  depth: number,
  keepsOne = false,
): Shape {
  if (mode === 'int') return [...input];
  const keepsLast = mode === 'one_hot' && (input.at(-1) !== 1 || input.length < 2 || keepsOne);
  return [...(keepsLast ? input : input.slice(0, -1)), depth];
}
