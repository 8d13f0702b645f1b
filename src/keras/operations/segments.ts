/** Sums and the like over values that belong together, and how many there are. */
import * as tf from '@tensorflow/tfjs-core';
import {choose, tiled, withoutGradient} from './gradients.js';
import {oneHotOf} from './indexing.js';
import {cast, type Operation, promoted, type Table, toFloat} from './operation.js';
import {max} from './reductions.js';
import {type Arguments, kindOf} from './values.js';

/** For each value whether it is of a segment: [segments, values], bool. */
function membership(args: Arguments<tf.Tensor>): tf.Tensor {
  const ids = args.tensor('segment_ids');
  return withoutGradient([ids], () => oneHotOf(ids, args.integer('num_segments'), 0));
}

type Combine = (data: tf.Tensor, isMember: tf.Tensor) => tf.Tensor;

/** data [values, …] → [segments, …] */
const segment = (combine: Combine): Operation => ({
  signature: 'data, segment_ids, num_segments=None, sorted=False',
  shape: (args) => {
    if (!args.has('num_segments')) {
      throw new Error('how many segments there are is not known: num_segments is missing.');
    }
    return [args.integer('num_segments'), ...args.tensor('data').shape.slice(1)];
  },
  compute: (args) => {
    const data = promoted(args, 'data')[0];
    const flat = tf.reshape(data, [data.shape[0], -1]);
    const combined = combine(toFloat(flat), membership(args));
    const shaped = tf.reshape(combined, [args.integer('num_segments'), ...data.shape.slice(1)]);
    return cast(shaped, kindOf(data.dtype));
  },
});

const sum: Combine = (data, isMember) => tf.matMul(tf.cast(isMember, 'float32'), data);

/** The values of each segment, and another number for all else: [segments, values, …] */
const spread = (data: tf.Tensor, isMember: tf.Tensor, otherwise: number) => {
  const shape = [isMember.shape[0], ...data.shape];
  return choose(
    tiled(tf.expandDims(isMember, -1), [1, 1, data.shape[1] as number]),
    tiled(tf.expandDims(data, 0), [isMember.shape[0], 1, 1]),
    tf.fill(shape, otherwise),
  );
};

const LEAST = -3.4028234663852886e38;

export const segments: Table = {
  SegmentMax: segment((data, isMember) => max(spread(data, isMember, LEAST), [1], false)),
  SegmentMin: segment((data, isMember) =>
    tf.neg(max(spread(tf.neg(data), isMember, LEAST), [1], false)),
  ),
  SegmentProd: segment((data, isMember) => tf.prod(spread(data, isMember, 1), 1)),
  SegmentSum: segment(sum),
};
