/** Pools [batch, …places, channels] over windows of one, two or three dimensions. */
import * as tf from '@tensorflow/tfjs-core';
import {max} from '../../operations/reductions.js';
import {everyNth, indices, outputLength, padSame, withoutRest} from '../convolution/convolve.js';

/** What becomes of a window. */
export type Pooled = 'max' | 'average';

export interface PoolOptions {
  /** One number for each dimension of places, as in strides. */
  sizes: number[];
  strides: number[];
  /** The margin of 'same' counts in no window. */
  padding: 'valid' | 'same';
  /** Whether the gradient is asked for: some backends have the op, but not its gradient. */
  training?: boolean;
}

/** x [batch, …places, channels], its places in windows: [batch, …windows, channels] */
export function pool(
  x: tf.Tensor,
  kind: Pooled,
  {sizes, strides, padding, training}: PoolOptions,
): tf.Tensor {
  if (training && kind === 'max') return maxInTraining(x, sizes, strides, padding);
  if (training && padding === 'same') return meanOfThere(x, sizes, strides);
  return native(x, kind, sizes, strides, padding);
}

/** The same of tfjs's ops, whose gradients are not all right. */
function native(
  x: tf.Tensor,
  kind: Pooled,
  sizes: number[],
  strides: number[],
  padding: 'valid' | 'same',
): tf.Tensor {
  if (x.rank === 3) {
    const one = native(tf.expandDims(x, 1), kind, [1, ...sizes], [1, ...strides], padding);
    return tf.squeeze(one, [1]);
  }
  if (x.rank === 4) {
    const op = kind === 'max' ? tf.maxPool : tf.avgPool;
    const [size, step] = [sizes, strides] as [number, number][];
    return op(x as tf.Tensor4D, size, step, padding);
  }
  if (kind === 'max') return maxOfThree(x, sizes, strides, padding);
  const [size, step] = [sizes, strides] as [number, number, number][];
  const used = padding === 'same' ? withoutRest(x, sizes, strides) : x;
  return tf.avgPool3d(used as tf.Tensor5D, size, step, padding);
}

/**
 * The largest of windows in three dimensions: first over two of them, then over the third. tfjs's own
 * op takes on wasm the least positive number for the least number of all.
 */
function maxOfThree(
  x: tf.Tensor,
  [depth, ...sizes]: number[],
  [step, ...strides]: number[],
  padding: 'valid' | 'same',
): tf.Tensor {
  const [batch, planes, height, width, channels] = x.shape;
  const flat = tf.reshape(x, [batch * planes, height, width, channels]);
  const pooled = native(flat, 'max', sizes, strides, padding);
  const [, rows, cols] = pooled.shape;
  const aside = tf.reshape(pooled, [batch, planes, rows * cols, channels]);
  const y = native(aside, 'max', [depth, 1], [step, 1], padding);
  return tf.reshape(y, [batch, y.shape[1] as number, rows, cols, channels]);
}

/** Below every number that a layer gives. */
const LEAST = -3.4e38;

/** The largest of each window, with a gradient; tfjs's own is wrong on wasm. */
function maxInTraining(
  x: tf.Tensor,
  sizes: number[],
  strides: number[],
  padding: 'valid' | 'same',
) {
  const padded = padding === 'same' ? padSame(x, sizes, strides, LEAST) : x;
  const last = sizes.map((size, i) => {
    const places = outputLength(padded.shape[i + 1], size, strides[i], 'valid');
    return (places - 1) * strides[i] + 1;
  });
  const shape = [x.shape[0], ...last, x.shape.at(-1) as number];
  const parts = indices(sizes).map((at) =>
    everyNth(tf.slice(padded, [0, ...at, 0], shape), strides),
  );
  return parts.reduce((most, part) => tf.maximum(most, part));
}

/**
 * The mean of what is there of each window, without the padding. tfjs's own gradient of it counts the
 * padding in.
 */
function meanOfThere(x: tf.Tensor, sizes: number[], strides: number[]): tf.Tensor {
  const share = (of: tf.Tensor) =>
    native(padSame(of, sizes, strides), 'average', sizes, strides, 'valid');
  const ones = tf.ones([1, ...x.shape.slice(1, -1), 1]);
  return tf.div(share(x), share(ones));
}

/** As many windows as `counts` says, each from ⌊i·size/count⌋ to ⌈(i + 1)·size/count⌉. */
export function poolAdaptively(x: tf.Tensor, kind: Pooled, counts: number[]): tf.Tensor {
  // A dimension at a time: the windows are products of intervals.
  return counts.reduce((y, count, i) => {
    const axis = i + 1;
    const input = y.shape[axis];
    const windows = Array.from({length: count}, (_, k) => {
      const start = Math.floor((k * input) / count);
      const end = Math.ceil(((k + 1) * input) / count);
      const begin = y.shape.map((_size, each) => (each === axis ? start : 0));
      const size = y.shape.map((n, each) => (each === axis ? end - start : n));
      const window = tf.slice(y, begin, size);
      return kind === 'max' ? max(window, [axis], true) : tf.mean(window, axis, true);
    });
    return tf.concat(windows, axis);
  }, x);
}
