/**
 * StridedSlice with other strides than 1. tfjs's kernel on wasm gives integers the dtype float32; that of
 * cpu fails where a dimension is indexed (`x[1, ::2]`) as well.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

/** Inputs: a tensor, where each slice begins and ends, the strides. */
export const stridedSlice: Op = ({inputs: [x, begin, end, strides], attrs}) => {
  const [from, to, steps] = [begin, end, strides].map((list) => Array.from(list.dataSync()));
  const [beginMask, endMask, ellipsis, newAxis, shrink] = MASKS.map((name) =>
    Number(attrs[name] ?? 0),
  );
  if (x.dtype === 'string' || steps.every((step) => step === 1)) {
    return tf.stridedSlice(x, from, to, steps, beginMask, endMask, ellipsis, newAxis, shrink);
  }
  // Integers below 2²⁴ are floats without loss; larger ones are hashes, which no graph slices so.
  const values = x.dtype === 'float32' ? x : tf.cast(x, 'float32');
  const slice = (end: number[], endBits: number, shrinkBits: number) =>
    tf.stridedSlice(values, from, end, steps, beginMask, endBits, ellipsis, newAxis, shrinkBits);
  const indexed = from.flatMap((_, dim) => (shrink & (1 << dim) ? [dim] : []));
  let sliced: tf.Tensor;
  if (indexed.length === 0 || ellipsis !== 0 || newAxis !== 0) {
    sliced = slice(to, endMask, shrink);
  } else {
    // A slice of one element, whose dimension is dropped afterwards; after −1 comes the end.
    const ends = to.map((end, dim) => (indexed.includes(dim) ? from[dim] + 1 : end));
    const toEnd = indexed
      .filter((dim) => from[dim] === -1)
      .reduce((bits, dim) => bits | (1 << dim), 0);
    sliced = tf.squeeze(slice(ends, endMask | toEnd, 0), indexed);
  }
  return x.dtype === 'float32' ? sliced : tf.cast(sliced, x.dtype);
};

const MASKS = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];
