/**
 * Convolutions and pooling as functions, of windows and products of matrices: with every stride,
 * dilation and group, and with gradients on every backend.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {each, type Windows, windowsAlong, windowsOf} from './images.js';
import {type Operation, type Table, toFloat} from './operation.js';
import {max} from './reductions.js';
import type {Arguments} from './values.js';

const isFirst = (args: Arguments) => args.get('data_format') === 'channels_first';

/** [batch, channels, …places] as [batch, …places, channels], where it is so. */
const toLast = (x: tf.Tensor, args: Arguments) =>
  isFirst(args) ? tf.transpose(x, [0, ...[...x.shape.keys()].slice(2), 1]) : x;

const fromLast = (x: tf.Tensor, args: Arguments) =>
  isFirst(args) ? tf.transpose(x, [0, x.rank - 1, ...[...x.shape.keys()].slice(1, -1)]) : x;

/** The shape of windows over [batch, …places, channels], with this many channels. */
function windowShape(
  shape: Shape,
  windows: Windows,
  channels: number | null,
  args: Arguments,
): Shape {
  const [batch, ...others] = shape;
  const places = isFirst(args) ? others.slice(1) : others.slice(0, -1);
  const counts = places.map((n, i) => (n === null ? null : windowsAlong(n, windows, i).count));
  if (counts.some((count) => count !== null && count < 1)) {
    throw new Error(`its windows are larger than [${shape}].`);
  }
  return isFirst(args) ? [batch, channels, ...counts] : [batch, ...counts, channels];
}

function windowsFor(args: Arguments, size: number[], strides: number | number[]): Windows {
  const padding = args.text('padding', 'valid').toLowerCase();
  if (padding !== 'valid' && padding !== 'same')
    throw new Error(`its padding ${padding} is unknown.`);
  return {
    size,
    strides: args.has('strides') ? each(args, 'strides', size.length, 1) : [strides].flat(),
    dilations: each(args, 'dilation_rate', size.length, 1),
    isSame: padding === 'same',
  };
}

const kernelSize = (kernel: Shape) => kernel.slice(0, -2) as number[];

/** x [batch, …places, channels], kernel [...size, channels / groups, filters] */
function convolve(x: tf.Tensor, kernel: tf.Tensor, windows: Windows): tf.Tensor {
  const {parts, counts} = windowsOf(x, windows);
  const [depth, filters] = kernel.shape.slice(-2);
  const groups = (x.shape.at(-1) as number) / depth;
  const rows = [x.shape[0], ...counts].reduce((a, b) => a * b, 1);
  // [groups, rows, kernel·depth] × [groups, kernel·depth, filters / groups]
  const patches = tf.reshape(tf.stack(parts, -2), [rows, parts.length, groups, depth]);
  const left = tf.reshape(tf.transpose(patches, [2, 0, 1, 3]), [groups, rows, -1]);
  const right = tf.transpose(
    tf.reshape(kernel, [parts.length * depth, groups, filters / groups]),
    [1, 0, 2],
  );
  const product = tf.transpose(tf.matMul(left, right), [1, 0, 2]);
  return tf.reshape(product, [x.shape[0], ...counts, filters]);
}

const WINDOWS = "strides=1, padding='valid', data_format=None, dilation_rate=1";

const conv: Operation = {
  signature: `inputs, kernel, ${WINDOWS}`,
  shape: (args) => {
    const {shape} = args.tensor('inputs');
    const kernel = args.tensor('kernel').shape;
    const channels = isFirst(args) ? shape[1] : shape.at(-1);
    const depth = kernel.at(-2);
    if (kernel.length !== shape.length || (channels != null && channels % (depth as number))) {
      throw new Error(`its kernel [${kernel}] does not fit [${shape}].`);
    }
    return windowShape(shape, windowsFor(args, kernelSize(kernel), 1), kernel.at(-1) ?? null, args);
  },
  compute: (args) => {
    const [x, kernel] = ['inputs', 'kernel'].map((name) => toFloat(args.tensor(name)));
    const windows = windowsFor(args, kernelSize(kernel.shape), expanded(kernel, 1));
    return fromLast(convolve(toLast(x, args), kernel, windows), args);
  },
};

const expanded = (kernel: tf.Tensor, n: number) => kernelSize(kernel.shape).map(() => n);

/** A kernel for each channel by itself, [...size, channels, times], as one of groups. */
const grouped = (kernel: tf.Tensor) => {
  const [channels, times] = kernel.shape.slice(-2);
  return tf.reshape(kernel, [...kernelSize(kernel.shape), 1, channels * times]);
};

const depthwise: Operation = {
  signature: `inputs, kernel, ${WINDOWS}`,
  shape: (args) => {
    const kernel = args.tensor('kernel').shape;
    const [channels, times] = kernel.slice(-2) as number[];
    const windows = windowsFor(args, kernelSize(kernel), 1);
    return windowShape(args.tensor('inputs').shape, windows, channels * times, args);
  },
  compute: (args) => {
    const [x, kernel] = ['inputs', 'kernel'].map((name) => toFloat(args.tensor(name)));
    const windows = windowsFor(args, kernelSize(kernel.shape), expanded(kernel, 1));
    return fromLast(convolve(toLast(x, args), grouped(kernel), windows), args);
  },
};

const separable: Operation = {
  signature: `inputs, depthwise_kernel, pointwise_kernel, ${WINDOWS}`,
  shape: (args) => {
    const kernel = args.tensor('depthwise_kernel').shape;
    const filters = args.tensor('pointwise_kernel').shape.at(-1) ?? null;
    const windows = windowsFor(args, kernelSize(kernel), 1);
    return windowShape(args.tensor('inputs').shape, windows, filters, args);
  },
  compute: (args) => {
    const names = ['inputs', 'depthwise_kernel', 'pointwise_kernel'];
    const [x, each, points] = names.map((name) => toFloat(args.tensor(name)));
    const size = kernelSize(each.shape);
    const windows = windowsFor(args, size, expanded(each, 1));
    const ones = size.map(() => 1);
    const one = {size: ones, strides: ones, dilations: ones, isSame: false};
    const y = convolve(toLast(x, args), grouped(each), windows);
    return fromLast(convolve(y, points, one), args);
  },
};

const poolSize = (args: Arguments) =>
  each(args, 'pool_size', args.tensor('inputs').shape.length - 2, 1);

const pooling = (pool: (x: tf.Tensor, windows: Windows) => tf.Tensor): Operation => ({
  signature: "inputs, pool_size, strides=None, padding='valid', data_format=None",
  shape: (args) => {
    const {shape} = args.tensor('inputs');
    const size = poolSize(args);
    const channels = isFirst(args) ? shape[1] : (shape.at(-1) ?? null);
    return windowShape(shape, windowsFor(args, size, size), channels, args);
  },
  compute: (args) => {
    const size = poolSize(args);
    const x = toLast(toFloat(args.tensor('inputs')), args);
    return fromLast(pool(x, windowsFor(args, size, size)), args);
  },
});

const maxPool = (x: tf.Tensor, windows: Windows) => {
  const {parts} = windowsOf(x, windows, Number.NEGATIVE_INFINITY);
  return max(tf.stack(parts, -1), [x.rank], false);
};

/** The mean of what is in a window: its margin does not count. */
const averagePool = (x: tf.Tensor, windows: Windows) => {
  const {parts} = windowsOf(x, windows);
  const total = parts.reduce((sum, part) => tf.add(sum, part));
  if (!windows.isSame) return tf.div(total, parts.length);
  const ones = tf.ones([1, ...x.shape.slice(1, -1), 1]);
  const counts = windowsOf(ones, windows).parts.reduce((sum, part) => tf.add(sum, part));
  return tf.div(total, counts);
};

/** Pools to so many places, whatever there are: the windows begin at i·n/k and end at ⌈(i+1)·n/k⌉. */
const adaptive = (reduce: (x: tf.Tensor, axis: number) => tf.Tensor): Operation => {
  const places = (args: Arguments) =>
    each(args, 'output_size', args.tensor('inputs').shape.length - 2, 1);
  return {
    signature: 'inputs, output_size, data_format=None',
    shape: (args) => {
      const {shape} = args.tensor('inputs');
      const sizes = places(args);
      return isFirst(args)
        ? [...shape.slice(0, 2), ...sizes]
        : [shape[0], ...sizes, shape.at(-1) ?? null];
    },
    compute: (args) => {
      const x = toLast(toFloat(args.tensor('inputs')), args);
      const pooled = places(args).reduce((y, count, i) => {
        const n = y.shape[i + 1];
        const parts = Array.from({length: count}, (_, k) => {
          const start = Math.floor((k * n) / count);
          const size = Math.ceil(((k + 1) * n) / count) - start;
          const cut = tf.slice(
            y,
            y.shape.map((__, axis) => (axis === i + 1 ? start : 0)),
            y.shape.map((length, axis) => (axis === i + 1 ? size : length)),
          );
          return reduce(cut, i + 1);
        });
        return tf.concat(parts, i + 1);
      }, x);
      return fromLast(pooled, args);
    },
  };
};

export const convolutions: Table = {
  AdaptiveAveragePool: adaptive((x, axis) => tf.mean(x, axis, true)),
  AdaptiveMaxPool: adaptive((x, axis) => max(x, [axis], true)),
  AveragePool: pooling(averagePool),
  Conv: conv,
  DepthwiseConv: depthwise,
  MaxPool: pooling(maxPool),
  SeparableConv: separable,
};
