/** UnsortedSegmentSum, which tfjs does not know in graphs: sums of the rows of one number. */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, scalarOf, sizeOf} from './op.js';

/** Inputs: a tensor, the number of each of its rows, how many sums there are. */
export const unsortedSegmentSum: Op = ({inputs: [x, ids, count]}) => {
  const rows = sizeOf(ids.shape);
  const inner = x.shape.slice(ids.rank);
  const flat = tf.reshape(x, [rows, sizeOf(inner)]);
  const places = tf.reshape(ids, [rows, 1]);
  // A row with a negative number is in no sum.
  const counts = tf.greaterEqual(places, 0);
  const values = tf.where(tf.broadcastTo(counts, flat.shape), flat, tf.zerosLike(flat));
  const at = tf.maximum(places, tf.scalar(0, 'int32'));
  const sums = tf.scatterND(at, values, [scalarOf(count), sizeOf(inner)]);
  return tf.reshape(sums, [scalarOf(count), ...inner]);
};
