/**
 * StridedSlice with other strides than 1. tfjs's kernel on wasm gives integers the dtype float32; that of
 * cpu fails where a dimension is indexed (`x[1, ::2]`) as well.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

/** Inputs: a tensor, where each slice begins and ends, the strides. */
export const stridedSlice: Op = ({inputs: [x, begin, end, strides], attrs}) => {
  const [from, to, steps] = [begin, end, strides].map((list) => Array.from(list.dataSync()));
  const masks = MASKS.map((name) => Number(attrs[name] ?? 0)) as Masks;
  if (x.dtype === 'string' || steps.every((step) => step === 1)) {
    return tf.stridedSlice(x, from, to, steps, ...masks);
  }
  const parts = tf.slice_util.sliceInfo(x.shape, from, to, steps, ...masks);
  // tfjs has no kernel that gathers values of bool on every backend.
  if (x.dtype === 'bool') return tf.cast(gathered(tf.cast(x, 'int32'), parts), 'bool');
  if (x.dtype !== 'float32') return gathered(x, parts);
  const sliced = tf.stridedSlice(x, parts.begin, parts.end, parts.strides, 0, ends(parts));
  return tf.reshape(sliced, parts.finalShape);
};

const MASKS = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];
type Masks = [number, number, number, number, number];

/** A slice of each dimension of the tensor, what was left out filled in, and the shape of the result. */
type Parts = ReturnType<typeof tf.slice_util.sliceInfo>;

/**
 * The elements at the places of the slice: integers stay integers, of any size on cpu, wasm and tensorflow. In
 * their shaders, webgl and webgpu compute with float32, which holds those below 2²⁴.
 */
function gathered(x: tf.Tensor, {begin, end, strides, finalShape}: Parts): tf.Tensor {
  if (finalShape.includes(0)) return tf.zeros(finalShape, x.dtype);
  const sliced = strides.reduce((y, step, dim) => {
    const count = Math.ceil((end[dim] - begin[dim]) / step);
    const places = Array.from({length: count}, (_, i) => begin[dim] + i * step);
    return count === y.shape[dim] && step === 1
      ? y
      : tf.gather(y, tf.tensor1d(places, 'int32'), dim);
  }, x);
  return tf.reshape(sliced, finalShape);
}

/** The mask of the slices that go backwards to the start: an end of −1 would be that before the last. */
function ends({end}: Parts): number {
  return end.reduce((bits, to, dim) => (to < 0 ? bits | (1 << dim) : bits), 0);
}
