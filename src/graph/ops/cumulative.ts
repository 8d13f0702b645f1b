/** Cumsum and Cumprod. tfjs takes an axis that is counted from the end for another one. */
import * as tf from '@tensorflow/tfjs-core';
import {type Op, positiveAxis, scalarOf} from './op.js';

export const cumsum: Op = ({inputs: [x, axis], attrs}) =>
  tf.cumsum(
    x,
    positiveAxis(scalarOf(axis), x.rank),
    Boolean(attrs.exclusive),
    Boolean(attrs.reverse),
  );

export const cumprod: Op = ({inputs: [x, axis], attrs}) =>
  tf.cumprod(
    x,
    positiveAxis(scalarOf(axis), x.rank),
    Boolean(attrs.exclusive),
    Boolean(attrs.reverse),
  );
