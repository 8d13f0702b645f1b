/**
 * Resizes images as `tf.image.resize` of TensorFlow 2 does, by two matrix products: each method is
 * linear, so an output row is a weighted sum of input rows. tfjs's own ops know two of the methods.
 */
import * as tf from '@tensorflow/tfjs-core';

interface Kernel {
  radius: number;
  /** The weight at a distance from the sampled point, in input pixels. */
  at(distance: number): number;
}

const lanczos = (radius: number): Kernel => ({
  radius,
  at: (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * x) ** 2;
  },
});

/** Source: tensorflow/core/kernels/image/sampling_kernels.h. */
const KERNELS: Record<string, Kernel> = {
  bilinear: {radius: 1, at: (x) => Math.max(0, 1 - x)},
  bicubic: {
    radius: 2,
    at: (x) => {
      if (x >= 2) return 0;
      return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
    },
  },
  gaussian: {radius: 1.5, at: (x) => (x >= 1.5 ? 0 : Math.exp(-(x * x) / 0.5))},
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  mitchellcubic: {
    radius: 2,
    at: (x) => {
      if (x >= 2) return 0;
      return x >= 1
        ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9
        : ((7 / 6) * x - 2) * x * x + 8 / 9;
    },
  },
};

export const RESIZE_METHODS = [...Object.keys(KERNELS), 'nearest', 'area'];

/** TensorFlow reads the weights of its bicubic op from a table with this many steps a pixel. */
const CUBIC_STEPS = 1024;

/** The weights of a sampled output: for each input pixel that has one, its index and weight. */
function sampled(center: number, input: number, kernel: Kernel, scale: number) {
  const reach = kernel.radius * scale;
  const within = (i: number) => Math.min(Math.max(i, 0), input - 1);
  const first = within(Math.ceil(center - reach - 0.5));
  const last = within(Math.floor(center + reach - 0.5));
  const weights: [number, number][] = [];
  for (let i = first; i <= last; i++) {
    weights.push([i, kernel.at(Math.abs((i + 0.5 - center) / scale))]);
  }
  return weights;
}

/** Mean over the part of the input that an output pixel covers. */
function covered(start: number, end: number, input: number): [number, number][] {
  const weights: [number, number][] = [];
  for (let i = Math.floor(start); i < Math.min(Math.ceil(end), input); i++) {
    weights.push([i, Math.min(end, i + 1) - Math.max(start, i)]);
  }
  return weights;
}

function weightsOf(o: number, input: number, output: number, method: string, antialias: boolean) {
  const step = input / output;
  let center = (o + 0.5) * step;
  if (method === 'nearest') return [[Math.min(Math.floor(center), input - 1), 1]];
  if (method === 'area') return covered(o * step, (o + 1) * step, input);
  if (method === 'bicubic' && !antialias) {
    center = Math.round((center - 0.5) * CUBIC_STEPS) / CUBIC_STEPS + 0.5;
  }
  return sampled(center, input, KERNELS[method], antialias ? Math.max(step, 1) : 1);
}

/** [output, input]: row o says of which input pixels output pixel o is made. */
function resizeMatrix(
  input: number,
  output: number,
  method: string,
  antialias: boolean,
): tf.Tensor2D {
  const matrix = new Float32Array(output * input);
  for (let o = 0; o < output; o++) {
    const weights = weightsOf(o, input, output, method, antialias);
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [i, weight] of weights) matrix[o * input + i] = weight / total;
  }
  return tf.tensor2d(matrix, [output, input]);
}

/** Resizes one axis of x. */
export function resizeAxis(
  x: tf.Tensor,
  axis: number,
  size: number,
  method: string,
  antialias = false,
): tf.Tensor {
  const input = x.shape[axis];
  if (input === size) return x;
  const before = x.shape.slice(0, axis).reduce((product, n) => product * n, 1);
  const after = x.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const matrix = tf.tile(tf.expandDims(resizeMatrix(input, size, method, antialias), 0), [
    before,
    1,
    1,
  ]);
  const y = tf.matMul(matrix, tf.reshape(tf.cast(x, 'float32'), [before, input, after]));
  return tf.reshape(
    y,
    x.shape.map((n, i) => (i === axis ? size : n)),
  );
}

/** Images [batch, height, width, channels] or [height, width, channels] to another size. */
export function resizeImages(
  x: tf.Tensor,
  [height, width]: [number, number],
  method: string,
  antialias = false,
): tf.Tensor {
  const narrow = resizeAxis(x, x.rank - 2, width, method, antialias);
  return resizeAxis(narrow, x.rank - 3, height, method, antialias);
}

/** Where a part of `size` begins in the middle of `whole`, and how much of it there is. */
function middle(x: tf.Tensor, height: number, width: number): tf.Tensor {
  const rank = x.rank;
  const begin = x.shape.map(() => 0);
  const size = [...x.shape];
  [begin[rank - 3], size[rank - 3]] = [Math.floor((x.shape[rank - 3] - height) / 2), height];
  [begin[rank - 2], size[rank - 2]] = [Math.floor((x.shape[rank - 2] - width) / 2), width];
  return tf.slice(x, begin, size);
}

/** The largest part in the middle that has the proportions of `height` to `width`. */
export function cropToAspect(x: tf.Tensor, height: number, width: number): tf.Tensor {
  const [h, w] = x.shape.slice(-3);
  const within = (size: number, most: number) => Math.max(Math.min(Math.trunc(size), most), 1);
  return middle(x, within((w * height) / width, h), within((h * width) / height, w));
}

/** The image in the middle of the smallest one of the proportions of `height` to `width`. */
export function padToAspect(x: tf.Tensor, height: number, width: number, value: number): tf.Tensor {
  const [h, w] = x.shape.slice(-3);
  const [top, left] = [
    Math.trunc((Math.max(h, Math.trunc((w * height) / width)) - h) / 2),
    Math.trunc((Math.max(w, Math.trunc((h * width) / height)) - w) / 2),
  ];
  const around: [number, number][] = [
    [top, top],
    [left, left],
    [0, 0],
  ];
  const paddings = x.rank === 4 ? [[0, 0] as [number, number], ...around] : around;
  return tf.pad(x, paddings, value);
}

/** The middle of the image, height by width; where it is too small, its middle enlarged to that. */
export function cropCenter(x: tf.Tensor, height: number, width: number): tf.Tensor {
  const [h, w] = x.shape.slice(-3);
  if (h >= height && w >= width) return middle(x, height, width);
  return smartResize(x, height, width);
}

/** Keras's `smart_resize`: cropped to the proportions, then resized. */
export function smartResize(x: tf.Tensor, height: number, width: number): tf.Tensor {
  return resizeImages(cropToAspect(x, height, width), [height, width], 'bilinear');
}
