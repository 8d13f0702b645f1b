/**
 * Reductions of integers and of bool: Sum, Prod, Max, Min, Mean, All, Any, ArgMax, ArgMin; and the
 * extremes of floats that are as large as masks are.
 *
 * tfjs's kernels on webgpu transpose where the axes are not the last ones, and can transpose float32
 * alone. The mean of integers is a float in tfjs; in TensorFlow it is an integer, rounded towards 0.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis, scalarOf} from './op.js';
import {withLast} from './transpose.js';

type Reduction = (x: tf.Tensor, axes: number[]) => tf.Tensor;

/** Inputs: a tensor, the axes. */
function reduction(reduce: Reduction): Op {
  return ({inputs: [x, axisInput], attrs}) => {
    const axes = axesOf(axisInput, x.rank);
    if (axes.length === 0) return x;
    const last = axes.map((_, i) => x.rank - axes.length + i);
    const y = x.dtype === 'float32' ? reduce(x, axes) : reduce(withLast(x, axes), last);
    const keeps = Boolean(attrs.keep_dims);
    return keeps
      ? tf.reshape(
          y,
          x.shape.map((size, i) => (axes.includes(i) ? 1 : size)),
        )
      : y;
  };
}

export const sum = reduction(tf.sum);
export const prod = reduction(tf.prod);
export const max = reduction(extreme(tf.max));
export const min = reduction(extreme(tf.min));
export const all = reduction(tf.all);
export const any = reduction(tf.any);
export const mean = reduction((x, axes) => {
  if (x.dtype === 'float32') return tf.mean(x, axes);
  const count = axes.reduce((size, axis) => size * x.shape[axis], 1);
  const quotient = tf.div(tf.cast(tf.sum(x, axes), 'float32'), count);
  return tf.cast(quotient, 'int32'); // A cast rounds towards 0.
});

/** Finds extremes beyond ±1e20 too, at which tfjs's kernel on webgl starts its search. */
function extreme(find: Reduction): Reduction {
  return (x, axes) => {
    const found = find(x, axes);
    if (x.dtype !== 'float32') return found;
    const far = tf.mul(find(tf.mul(x, 2 ** -64), axes), 2 ** 64);
    return tf.where(tf.greaterEqual(tf.abs(found), 1e20), far, found);
  };
}

export const argMax = argOf(tf.argMax);
export const argMin = argOf(tf.argMin);

/** Inputs: a tensor, the axis. */
function argOf(find: (x: tf.Tensor, axis: number) => tf.Tensor): Op {
  return ({inputs: [x, axisInput]}) => {
    const axis = positiveAxis(scalarOf(axisInput), x.rank);
    return x.dtype === 'float32' ? find(x, axis) : find(withLast(x, [axis]), x.rank - 1);
  };
}

/** The axes an input names, counted from the front. */
function axesOf(input: tf.Tensor, rank: number): number[] {
  return Array.from(input.dataSync(), (axis) => positiveAxis(axis, rank));
}
