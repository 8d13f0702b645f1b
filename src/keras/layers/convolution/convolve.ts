/**
 * Convolutions over one, two or three dimensions, with strides, dilation and groups at once, of ops
 * of tfjs that every backend has; channels are last.
 */
import * as tf from '@tensorflow/tfjs-core';
import {padTensor} from '../../operations/pad.js';

export type Padding = 'valid' | 'same' | 'causal';

export interface ConvolveOptions {
  /** One number for each dimension of places, as in dilations. */
  strides: number[];
  dilations: number[];
  padding: Padding;
  /** Each group of the input's channels makes its part of the output's channels. */
  groups: number;
  /** Whether the gradient is asked for: some backends have the op, but not its gradient. */
  training?: boolean;
}

/** The extent of a kernel with its holes. */
export const extent = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/** How many places a convolution or pooling gives along a dimension. */
export function outputLength(
  size: number,
  kernel: number,
  stride: number,
  padding: Padding,
): number {
  return Math.max(
    0,
    padding === 'valid' ? Math.floor((size - kernel) / stride) + 1 : Math.ceil(size / stride),
  );
}

/**
 * x [batch, …places, channels] with kernel [...sizes, channels / groups, filters]
 * → [batch, …places, filters]
 */
export function convolve(x: tf.Tensor, kernel: tf.Tensor, options: ConvolveOptions): tf.Tensor {
  const rank = x.rank - 2;
  const {strides, dilations} = options;
  if (options.padding === 'causal') {
    const before = (kernel.shape[0] - 1) * dilations[0];
    const padded = padTensor(x, [
      [0, 0],
      [before, 0],
      [0, 0],
    ]);
    return convolve(padded, kernel, {...options, padding: 'valid'});
  }
  if (rank === 1) {
    const y = convolve(tf.expandDims(x, 1), tf.expandDims(kernel, 0), {
      ...options,
      strides: [strides[0], strides[0]], // both alike, which depthwise ops want; one row stays one
      dilations: [1, dilations[0]],
    });
    return tf.squeeze(y, [1]);
  }
  if (options.training && !hasGradient(rank)) return composed(x, kernel, options);
  // The gradients of tfjs know no dilation, nor do its ops with strides, nor TensorFlow in 3-d.
  const isNative = rank === 2 && !options.training && strides.every((stride) => stride === 1);
  const channels = x.shape.at(-1) as number;
  const isDepthwise = rank === 2 && options.groups === channels && options.groups > 1;
  if (dilations.some((dilation) => dilation > 1) && !(isNative && !isDepthwise)) {
    const ones = dilations.map(() => 1);
    return convolve(x, dilated(kernel, dilations), {...options, dilations: ones});
  }
  if (isDepthwise) return depthwise(x, kernel, options);
  if (options.groups === 1) return plain(x, kernel, options);
  const parts = tf.split(x, options.groups, -1);
  const kernels = tf.split(kernel, options.groups, -1);
  return tf.concat(
    parts.map((part, i) => plain(part, kernels[i], options)),
    -1,
  );
}

function plain(x: tf.Tensor, kernel: tf.Tensor, options: ConvolveOptions): tf.Tensor {
  const {strides, dilations} = options;
  const pad = options.padding as 'valid' | 'same';
  if (x.rank === 5) {
    const used = pad === 'same' ? withoutRest(x, kernel.shape.slice(0, 3), strides) : x;
    return tf.conv3d(
      used as tf.Tensor5D,
      kernel as tf.Tensor5D,
      strides as [number, number, number],
      pad,
    );
  }
  return tf.conv2d(
    x as tf.Tensor4D,
    kernel as tf.Tensor4D,
    strides as [number, number],
    pad,
    'NHWC',
    dilations as [number, number],
  );
}

/** Each channel by itself; TensorFlow wants both strides alike, so that the finer one is taken for both. */
function depthwise(x: tf.Tensor, kernel: tf.Tensor, options: ConvolveOptions): tf.Tensor {
  const {strides, padding, groups} = options;
  const [height, width, , filters] = kernel.shape;
  const filter = tf.reshape(kernel, [height, width, groups, filters / groups]) as tf.Tensor4D;
  if (strides[0] === strides[1]) {
    const pad = padding as 'valid' | 'same';
    return tf.depthwiseConv2d(x as tf.Tensor4D, filter, strides[0], pad);
  }
  const padded = padding === 'same' ? padSame(x, [height, width], strides) : x;
  const y = tf.depthwiseConv2d(padded as tf.Tensor4D, filter, 1, 'valid');
  return everyNth(y, strides);
}

/**
 * x without what padding 'same' leaves over at the end, where the strides are larger than the windows.
 * In three dimensions tfjs would otherwise leave over what is at the beginning.
 */
export function withoutRest(x: tf.Tensor, sizes: number[], strides: number[]): tf.Tensor {
  const kept = sizes.map((size, i) => {
    const length = x.shape[i + 1];
    return Math.min(length, (Math.ceil(length / strides[i]) - 1) * strides[i] + size);
  });
  const [batch, ...rest] = x.shape;
  const shape = [batch, ...kept, rest.at(-1) as number];
  return tf.util.arraysEqual(shape, x.shape)
    ? x
    : tf.slice(
        x,
        x.shape.map(() => 0),
        shape,
      );
}

/** x with the zeros that padding 'same' puts around it. */
export function padSame(x: tf.Tensor, kernel: number[], strides: number[], value = 0): tf.Tensor {
  const paddings = kernel.map((size, i): [number, number] => {
    const length = x.shape[i + 1];
    const needed = (Math.ceil(length / strides[i]) - 1) * strides[i] + size - length;
    const total = Math.max(needed, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  return padTensor(x, [[0, 0], ...paddings, [0, 0]], value);
}

/** Every n-th place of each dimension, from the first on; unlike a strided slice it has a gradient. */
export function everyNth(x: tf.Tensor, strides: number[]): tf.Tensor {
  return strides.reduce((y, stride, i) => {
    if (stride === 1) return y;
    const axis = i + 1;
    const count = Math.ceil(y.shape[axis] / stride);
    const missing = count * stride - y.shape[axis];
    const padded = padTensor(
      y,
      y.shape.map((_, k): [number, number] => [0, k === axis ? missing : 0]),
    );
    const split = [...y.shape.slice(0, axis), count, stride, ...y.shape.slice(axis + 1)];
    const groups = tf.reshape(padded, split);
    const firsts = tf.slice(
      groups,
      split.map(() => 0),
      split.map((n, k) => (k === axis + 1 ? 1 : n)),
    );
    return tf.squeeze(firsts, [axis + 1]);
  }, x);
}

/** A kernel, or any tensor, with zeros between its places. `axes` are the first of them. */
export function dilated(kernel: tf.Tensor, dilations: number[], firstAxis = 0): tf.Tensor {
  return dilations.reduce((y, dilation, i) => {
    if (dilation === 1) return y;
    const axis = i + firstAxis;
    const size = y.shape[axis];
    const apart = tf.expandDims(y, axis + 1);
    const padded = padTensor(
      apart,
      apart.shape.map((_, k): [number, number] => [0, k === axis + 1 ? dilation - 1 : 0]),
    );
    const merged = [...y.shape.slice(0, axis), size * dilation, ...y.shape.slice(axis + 1)];
    const withTail = tf.reshape(padded, merged);
    return tf.slice(
      withTail,
      merged.map(() => 0),
      merged.map((n, k) => (k === axis ? extent(size, dilation) : n)),
    );
  }, kernel);
}

/** The kernels without which the gradient of a convolution in two dimensions throws. */
const GRADIENT_KERNELS = [
  'Conv2DBackpropInput',
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
];

/** Whether tfjs has the gradient, and right: in three dimensions that of its wasm backend is not. */
const hasGradient = (rank: number): boolean =>
  rank === 2 && GRADIENT_KERNELS.every((name) => tf.getKernel(name, tf.getBackend()));

/** The same of slices and matrix products, a product for each place of the kernel. */
function composed(x: tf.Tensor, kernel: tf.Tensor, options: ConvolveOptions): tf.Tensor {
  const {strides, dilations, groups} = options;
  const sizes = kernel.shape.slice(0, -2);
  const extents = sizes.map((size, i) => extent(size, dilations[i]));
  const padded = options.padding === 'same' ? padSame(x, extents, strides) : x;
  const places = extents.map((size, i) =>
    outputLength(padded.shape[i + 1], size, strides[i], 'valid'),
  );
  const [batch, channels, filters] = [x.shape[0], x.shape.at(-1) as number, kernel.shape.at(-1)];
  const rows = places.reduce((product, n) => product * n, batch);
  const products = indices(sizes).map((at) => {
    const begin = [0, ...at.map((k, i) => k * dilations[i]), 0];
    const size = [batch, ...places.map((n, i) => (n - 1) * strides[i] + 1), channels];
    const part = everyNth(tf.slice(padded, begin, size), strides);
    const weights = tf.reshape(
      tf.slice(kernel, [...at, 0, 0], [...at.map(() => 1), channels / groups, filters as number]),
      [channels / groups, groups, (filters as number) / groups],
    );
    const left = tf.transpose(tf.reshape(part, [rows, groups, channels / groups]), [1, 0, 2]);
    return tf.matMul(left, tf.transpose(weights, [1, 0, 2])); // [groups, rows, filters / groups]
  });
  const y = products.reduce((sum, product) => tf.add(sum, product));
  return tf.reshape(tf.transpose(y, [1, 0, 2]), [batch, ...places, filters as number]);
}

/** All indices of a shape, row-major. */
export function indices(sizes: number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((at) => Array.from({length: size}, (_, i) => [...at, i])),
    [[]],
  );
}

export interface TransposeOptions {
  strides: number[];
  dilations: number[];
  padding: Padding;
  /** The output's places. */
  places: number[];
  training?: boolean;
}

/**
 * The transpose of a convolution, what its gradient in its input is: x [batch, …places, channels] with
 * kernel [...sizes, filters, channels] → [batch, …places, filters]
 */
export function convolveTransposed(
  x: tf.Tensor,
  kernel: tf.Tensor,
  options: TransposeOptions,
): tf.Tensor {
  const rank = x.rank - 2;
  const {strides, dilations, places, padding, training} = options;
  if (dilations.some((dilation) => dilation > 1)) {
    const ones = dilations.map(() => 1);
    return convolveTransposed(x, dilated(kernel, dilations), {...options, dilations: ones});
  }
  const [batch, filters] = [x.shape[0], kernel.shape[rank]];
  if (rank === 2 && !training) {
    const shape: [number, number, number, number] = [batch, places[0], places[1], filters];
    const pad = padding as 'valid' | 'same';
    const step = strides as [number, number];
    return tf.conv2dTranspose(x as tf.Tensor4D, kernel as tf.Tensor4D, shape, step, pad);
  }
  // A convolution of x with zeros between its places, by the kernel turned around.
  const sizes = kernel.shape.slice(0, rank);
  const turned = tf.transpose(
    tf.reverse(
      kernel,
      sizes.map((_, i) => i),
    ),
    [...sizes.map((_, i) => i), rank + 1, rank],
  );
  const apart = dilated(x, strides, 1);
  const around = sizes.map((size): [number, number] => [size - 1, size - 1]);
  const full = convolve(padTensor(apart, [[0, 0], ...around, [0, 0]]), turned, {
    strides: sizes.map(() => 1),
    dilations,
    padding: 'valid',
    groups: 1,
    training,
  });
  const cut = places.map((length, i) => {
    if (padding === 'valid') return 0;
    const total = Math.max(
      (Math.ceil(length / strides[i]) - 1) * strides[i] + sizes[i] - length,
      0,
    );
    return Math.floor(total / 2);
  });
  const there = places.map((length, i) => Math.min(length, full.shape[i + 1] - cut[i]));
  const kept = tf.slice(full, [0, ...cut, 0], [batch, ...there, filters]);
  const missing = places.map((length, i): [number, number] => [0, length - there[i]]);
  return padTensor(kept, [[0, 0], ...missing, [0, 0]]);
}
