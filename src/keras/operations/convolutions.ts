/** Convolutions and pooling as functions between layers, with gradients on every backend. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {convolve} from '../layers/convolution/convolve.js';
import {fromLast, toLast} from '../layers/data_format.js';
import {type Pooled, pool, poolAdaptively} from '../layers/pooling/pool.js';
import {each, formatOf, isFirst, type Windows, windowsAlong} from './images.js';
import {type Operation, type Table, toFloat} from './operation.js';
import type {Arguments} from './values.js';

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

/**
 * x with its channels as the arguments say, kernel [...size, channels / groups, filters]. An operation is
 * not told whether it is trained, and so computes what has a gradient everywhere.
 */
function convolved(given: tf.Tensor, kernel: tf.Tensor, args: Arguments): tf.Tensor {
  const format = formatOf(args);
  const x = toLast(given, format);
  const size = kernelSize(kernel.shape);
  const {strides, dilations, isSame} = windowsFor(
    args,
    size,
    size.map(() => 1),
  );
  const groups = (x.shape.at(-1) as number) / (kernel.shape.at(-2) as number);
  const padding = isSame ? 'same' : 'valid';
  const y = convolve(x, kernel, {strides, dilations, padding, groups, training: true});
  return fromLast(y, format);
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
    return convolved(x, kernel, args);
  },
};

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
    return convolved(x, grouped(kernel), args);
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
    const format = formatOf(args);
    const y = toLast(convolved(x, grouped(each), args), format);
    const ones = kernelSize(each.shape).map(() => 1);
    const options = {strides: ones, dilations: ones, padding: 'valid' as const, groups: 1};
    return fromLast(convolve(y, points, {...options, training: true}), format);
  },
};

const poolSize = (args: Arguments) =>
  each(args, 'pool_size', args.tensor('inputs').shape.length - 2, 1);

const pooling = (kind: Pooled): Operation => ({
  signature: "inputs, pool_size, strides=None, padding='valid', data_format=None",
  shape: (args) => {
    const {shape} = args.tensor('inputs');
    const size = poolSize(args);
    const channels = isFirst(args) ? shape[1] : (shape.at(-1) ?? null);
    return windowShape(shape, windowsFor(args, size, size), channels, args);
  },
  compute: (args) => {
    const sizes = poolSize(args);
    const {strides, isSame} = windowsFor(args, sizes, sizes);
    const x = toLast(toFloat(args.tensor('inputs')), formatOf(args));
    const padding = isSame ? 'same' : 'valid';
    return fromLast(pool(x, kind, {sizes, strides, padding, training: true}), formatOf(args));
  },
});

/** Pools to so many places, whatever there are. */
const adaptive = (kind: Pooled): Operation => {
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
      const x = toLast(toFloat(args.tensor('inputs')), formatOf(args));
      return fromLast(poolAdaptively(x, kind, places(args)), formatOf(args));
    },
  };
};

export const convolutions: Table = {
  AdaptiveAveragePool: adaptive('average'),
  AdaptiveMaxPool: adaptive('max'),
  AveragePool: pooling('average'),
  Conv: conv,
  DepthwiseConv: depthwise,
  MaxPool: pooling('max'),
  SeparableConv: separable,
};
