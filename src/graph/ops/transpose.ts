/**
 * Transpose of integers and of bool. tfjs's kernel on webgpu takes numbers of float32 alone, unless the
 * tensor is a matrix.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis, sizeOf} from './op.js';

/** Inputs: a tensor, the order of its dimensions. */
export const transpose: Op = ({inputs: [x, perm]}) => transposed(x, Array.from(perm.dataSync()));

/** `tf.transpose`, for tensors of every dtype. */
export function transposed(x: tf.Tensor, perm: number[]): tf.Tensor {
  const order = perm.map((axis) => positiveAxis(axis, x.rank));
  if (order.every((axis, i) => axis === i)) return tf.clone(x);
  const isWhole = x.dtype === 'int32' || x.dtype === 'bool';
  if (!isWhole || x.rank === 2) return tf.transpose(x, order);
  const shape = order.map((axis) => x.shape[axis]);
  const values = x.dtype === 'bool' ? tf.cast(x, 'int32') : x;
  const places = tf.tensor1d(placesOf(x.shape, order), 'int32');
  const moved = tf.reshape(tf.gather(tf.reshape(values, [x.size]), places), shape);
  return x.dtype === 'bool' ? tf.cast(moved, 'bool') : moved;
}

/** The tensor with some of its axes moved behind the others; both kinds keep their order. */
export function withLast(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const all = x.shape.map((_, i) => i);
  return transposed(x, [...all.filter((i) => !axes.includes(i)), ...axes]);
}

/** Where in a tensor each element of the transposed one comes from. */
function placesOf(shape: readonly number[], order: readonly number[]): Int32Array {
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  const sizes = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const places = new Int32Array(sizeOf(shape));
  const at = sizes.map(() => 0);
  let place = 0;
  for (let n = 0; n < places.length; n++) {
    places[n] = place;
    for (let i = at.length - 1; i >= 0; i--) {
      place += steps[i];
      if (++at[i] < sizes[i]) break;
      place -= steps[i] * sizes[i];
      at[i] = 0;
    }
  }
  return places;
}
