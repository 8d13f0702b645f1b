/**
 * Fourier transforms, a complex tensor as a pair of real ones, as Keras has them. Each is a product with
 * the matrices of cosines and sines: tfjs's own has no gradient, and not all backends have it.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {matMul} from './matrix_product.js';
import {type Operation, type Table, toFloat} from './operation.js';
import {withSize} from './shapes.js';
import type {Arguments, TensorLike} from './values.js';

type Complex = [real: tf.Tensor, imaginary: tf.Tensor];

/** cos and sin of 2π·i·k/n, [rows, cols]; whole turns are left out, which keeps them exact. */
function waves(rows: number, cols: number, n: number): [tf.Tensor2D, tf.Tensor2D] {
  const angles = Float64Array.from({length: rows * cols}, (_, at) => {
    const turns = (Math.floor(at / cols) * (at % cols)) % n;
    return (2 * Math.PI * turns) / n;
  });
  const matrix = (f: (angle: number) => number) =>
    tf.tensor2d(Float32Array.from(angles, f), [rows, cols]);
  return [matrix(Math.cos), matrix(Math.sin)];
}

/** Along the last axis. */
function transform([re, im]: Complex, inverse: boolean): Complex {
  const n = re.shape.at(-1) as number;
  const [cos, sin] = waves(n, n, n);
  // (re + i·im)·(cos ∓ i·sin)
  const sign = inverse ? -1 : 1;
  const real = tf.add(matMul(re, cos), tf.mul(sign, matMul(im, sin)));
  const imaginary = tf.sub(matMul(im, cos), tf.mul(sign, matMul(re, sin)));
  return inverse ? [tf.div(real, n), tf.div(imaginary, n)] : [real, imaginary];
}

const swapped = (x: tf.Tensor): tf.Tensor => {
  const order = [...x.shape.keys()];
  return tf.transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
};

/** Along the last two axes. */
export function transform2d(pair: Complex, inverse: boolean): Complex {
  const rows = transform(pair, inverse).map(swapped) as Complex;
  return transform(rows, inverse).map(swapped) as Complex;
}

/** The first half of the transform of a real signal; the other half mirrors it. */
function realTransform(x: tf.Tensor, length: number): Complex {
  const fitted = withLength(x, length);
  const [cos, sin] = waves(length, Math.floor(length / 2) + 1, length);
  return [matMul(fitted, cos), tf.neg(matMul(fitted, sin))];
}

/** Cut, or filled up with zeros, along the last axis. */
function withLength(x: tf.Tensor, length: number): tf.Tensor {
  const size = x.shape.at(-1) as number;
  if (size === length) return x;
  if (size > length) {
    return tf.slice(
      x,
      x.shape.map(() => 0),
      [...x.shape.slice(0, -1), length],
    );
  }
  const paddings = x.shape.map((_, i): [number, number] => [
    0,
    i === x.rank - 1 ? length - size : 0,
  ]);
  return tf.pad(x, paddings);
}

/** The real signal of the first half of its transform. */
function inverseRealTransform(pair: Complex, length: number): tf.Tensor {
  const half = Math.floor(length / 2) + 1;
  const [re, im] = pair.map((x) => withLength(x, half));
  const [cos, sin] = waves(half, length, length);
  // All but the first, and the middle one of an even length, stand for two.
  const weight = tf.tensor2d(
    Array.from({length: half}, (_, k) => (k === 0 || 2 * k === length ? 1 : 2) / length),
    [half, 1],
  );
  return tf.sub(matMul(re, tf.mul(cos, weight)), matMul(im, tf.mul(sin, weight)));
}

const pairOf = (args: Arguments<tf.Tensor>): Complex => {
  const pair = args.tensors('x').map(toFloat);
  return pair as Complex;
};

const pairShape = (args: Arguments): Shape => {
  const pair: TensorLike[] = args.tensors('x');
  if (pair.length === 2) return pair[0].shape;
  throw new Error('its x must be a pair of tensors, the real and the imaginary part.');
};

const onPairs = (f: (pair: Complex) => Complex): Operation => ({
  signature: 'x',
  shape: (args) => {
    const shape = pairShape(args);
    return [shape, shape];
  },
  compute: (args) => f(pairOf(args)),
});

const rfft: Operation = {
  signature: 'x, fft_length=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const length = args.has('fft_length') ? args.integer('fft_length') : (shape.at(-1) ?? null);
    const half = length === null ? null : Math.floor(length / 2) + 1;
    const result = withSize(shape, shape.length - 1, half);
    return [result, result];
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    return realTransform(
      x,
      args.has('fft_length') ? args.integer('fft_length') : (x.shape.at(-1) as number),
    );
  },
};

const irfft: Operation = {
  signature: 'x, fft_length=None',
  shape: (args) => {
    const shape = pairShape(args);
    const half = shape.at(-1) ?? null;
    const full = half === null ? null : 2 * (half - 1);
    return withSize(
      shape,
      shape.length - 1,
      args.has('fft_length') ? args.integer('fft_length') : full,
    );
  },
  compute: (args) => {
    const pair = pairOf(args);
    const full = 2 * ((pair[0].shape.at(-1) as number) - 1);
    return inverseRealTransform(pair, args.has('fft_length') ? args.integer('fft_length') : full);
  },
};

/** The transforms of windows of a signal. */
const stft: Operation = {
  signature: "x, sequence_length, sequence_stride, fft_length, window='hann', center=True",
  shape: (args) => {
    const {shape} = args.tensor('x');
    const fft = args.integer('fft_length');
    const size = shape.at(-1) ?? null;
    const padded =
      size === null ? null : size + (args.flag('center') ? 2 * Math.floor(fft / 2) : 0);
    const count =
      padded === null ? null : 1 + Math.floor((padded - fft) / args.integer('sequence_stride'));
    const window = args.get('window');
    if (!['hann', 'hamming', null].includes(window as string)) {
      throw new Error('its window must be hann, hamming or none.');
    }
    const result = [...shape.slice(0, -1), count, Math.floor(fft / 2) + 1];
    return [result, result];
  },
  compute: (args) =>
    shortTimeTransform(toFloat(args.tensor('x')), {
      sequenceLength: args.integer('sequence_length'),
      sequenceStride: args.integer('sequence_stride'),
      fftLength: args.integer('fft_length'),
      window: args.get('window') as string | null,
      center: args.flag('center'),
    }),
};

interface ShortTimeOptions {
  /** How long the window is, in the middle of a frame of `fftLength`. */
  sequenceLength: number;
  sequenceStride: number;
  fftLength: number;
  window: string | null;
  /** Whether the first frame is around the first sample, the signal reflected before it. */
  center: boolean;
}

/** x [..., samples] → a pair of [..., frames, fftLength / 2 + 1] */
export function shortTimeTransform(
  given: tf.Tensor,
  {sequenceLength, sequenceStride, fftLength, window, center}: ShortTimeOptions,
): Complex {
  const x = center ? reflected(given, Math.floor(fftLength / 2)) : given;
  const count = 1 + Math.floor(((x.shape.at(-1) as number) - fftLength) / sequenceStride);
  const frames = Array.from({length: count}, (_, i) =>
    tf.slice(
      x,
      [...Array(x.rank - 1).fill(0), i * sequenceStride],
      [...x.shape.slice(0, -1), fftLength],
    ),
  );
  const weights = windowOf(window, sequenceLength, fftLength);
  return realTransform(tf.mul(tf.stack(frames, -2), weights), fftLength);
}

function windowOf(name: string | null, length: number, size: number): tf.Tensor {
  const [a, b] = name === 'hann' ? [0.5, 0.5] : name === 'hamming' ? [0.54, 0.46] : [1, 0];
  const before = Math.floor((size - length) / 2);
  // TensorFlow's periodic windows have the period of their length only where that is even.
  const period = length % 2 ? length - 1 : length;
  const values = Array.from({length}, (_, i) =>
    length === 1 ? 1 : a - b * Math.cos((2 * Math.PI * i) / period),
  );
  if (name === null) return tf.ones([size]);
  return tf.pad(tf.tensor1d(values), [[before, size - length - before]]);
}

function reflected(x: tf.Tensor, edge: number): tf.Tensor {
  const size = x.shape.at(-1) as number;
  const part = (start: number) => {
    const cut = tf.slice(x, [...Array(x.rank - 1).fill(0), start], [...x.shape.slice(0, -1), edge]);
    return tf.reverse(cut, x.rank - 1);
  };
  return edge ? tf.concat([part(1), x, part(size - edge - 1)], -1) : x;
}

export const fourier: Table = {
  FFT: onPairs((pair) => transform(pair, false)),
  FFT2: onPairs((pair) => transform2d(pair, false)),
  IFFT2: onPairs((pair) => transform2d(pair, true)),
  IRFFT: irfft,
  RFFT: rfft,
  STFT: stft,
};
