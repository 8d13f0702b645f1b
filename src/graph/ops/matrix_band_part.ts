/** MatrixBandPart. tfjs takes the number of upper diagonals from the input of the lower ones. */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';
import {where} from './select.js';

/** Inputs: matrices, how many diagonals below and above the main one stay; all if negative. */
export const matrixBandPart: Op = ({inputs: [x, lower, upper]}) => {
  const below = tf.sub(
    tf.reshape(indices(x.shape[x.rank - 2]), [-1, 1]),
    indices(x.shape[x.rank - 1]),
  );
  const isLow = tf.logicalOr(tf.less(lower, 0), tf.lessEqual(below, lower));
  const isHigh = tf.logicalOr(tf.less(upper, 0), tf.lessEqual(tf.neg(below), upper));
  return where(tf.logicalAnd(isLow, isHigh), x, tf.zerosLike(x));
};

const indices = (length: number) => tf.range(0, length, 1, 'int32');
