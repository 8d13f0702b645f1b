/**
 * Cumsum and Cumprod. tfjs takes an axis that is counted from the end for another one. On webgpu it
 * cannot transpose integers, where the axis is not the last, and its shader for sums from the end is
 * kept with the length of the first tensor that it met.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis, scalarOf} from './op.js';
import {transposed} from './transpose.js';

/** Inputs: a tensor, the axis. */
function cumulative(run: typeof tf.cumsum): Op {
  return ({inputs: [x, axisInput], attrs}) => {
    const axis = positiveAxis(scalarOf(axisInput), x.rank);
    const last = x.rank - 1;
    const moves = x.dtype !== 'float32' && axis !== last;
    const exchange = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
    const own = moves ? last : axis;
    const from = (tensor: tf.Tensor) => (attrs.reverse ? tf.reverse(tensor, own) : tensor);
    const y = from(run(from(moves ? transposed(x, exchange) : x), own, Boolean(attrs.exclusive)));
    return moves ? transposed(y, exchange) : y;
  };
}

export const cumsum = cumulative(tf.cumsum);
export const cumprod = cumulative(tf.cumprod);
