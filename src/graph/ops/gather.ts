/**
 * GatherV2. tfjs's kernel on wasm reads and writes past its tensors where there are batch dimensions,
 * so that they are counted into the indices.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis, scalarOf, sizeOf} from './op.js';
import {transposed} from './transpose.js';

/** Inputs: a tensor, the indices, the axis. */
export const gather: Op = ({inputs: [x, indices, axisInput], attrs}) => {
  const axis = positiveAxis(scalarOf(axisInput), x.rank);
  const at = tf.cast(indices, 'int32');
  const batchDims = positiveAxis(Number(attrs.batch_dims ?? 0), indices.rank);
  return batchDims === 0 ? tf.gather(x, at, axis) : gatherInBatch(x, at, axis, batchDims);
};

/** Each item of the batch has `indices` of its own: [batch, outer, size, inner] by [batch, count]. */
function gatherInBatch(
  x: tf.Tensor,
  indices: tf.Tensor,
  axis: number,
  batchDims: number,
): tf.Tensor {
  const batch = x.shape.slice(0, batchDims);
  const outer = x.shape.slice(batchDims, axis);
  const inner = x.shape.slice(axis + 1);
  const size = x.shape[axis];
  const [items, before, after] = [sizeOf(batch), sizeOf(outer), sizeOf(inner)];
  const count = sizeOf(indices.shape.slice(batchDims));

  const byItem = transposed(tf.reshape(x, [items, before, size, after]), [0, 2, 1, 3]);
  const starts = tf.reshape(
    tf.mul(tf.range(0, items, 1, 'int32'), tf.scalar(size, 'int32')),
    [-1, 1],
  );
  const places = tf.reshape(tf.add(tf.reshape(indices, [items, count]), starts), [-1]);
  const rows = tf.gather(tf.reshape(byItem, [items * size, before * after]), places);
  const y = transposed(tf.reshape(rows, [items, count, before, after]), [0, 2, 1, 3]);
  return tf.reshape(y, [...batch, ...outer, ...indices.shape.slice(batchDims), ...inner]);
}
