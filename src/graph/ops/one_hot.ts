/**
 * OneHot. tfjs's kernel on wasm writes the bits of integers into a tensor of floats, so that the
 * positions are found in int32, and the two values are put there afterwards.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis, scalarOf} from './op.js';
import {transposed} from './transpose.js';

/** Inputs: indices, depth, the value where the index is, the value elsewhere. */
export const oneHot: Op = ({inputs: [indices, depth, on, off], attrs}) => {
  const last = tf.oneHot(tf.cast(indices, 'int32'), scalarOf(depth)) as tf.Tensor;
  const axis = positiveAxis(Number(attrs.axis ?? -1), last.rank);
  const at = transposed(last, orderOf(last.rank, axis));
  const [onValue, offValue] = [scalarOf(on), scalarOf(off)];
  const {dtype} = on;
  if (dtype === 'bool') return tf.cast(onValue ? at : tf.sub(1, at), 'bool');
  const values = tf.cast(at, dtype);
  if (onValue === 1 && offValue === 0) return values;
  return tf.add(tf.mul(values, tf.scalar(onValue - offValue, dtype)), tf.scalar(offValue, dtype));
};

/** The order of dimensions that brings the last one to `axis`. */
function orderOf(rank: number, axis: number): number[] {
  const order = Array.from({length: rank - 1}, (_, i) => i);
  order.splice(axis, 0, rank - 1);
  return order;
}
