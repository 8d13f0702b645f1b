/** Products of matrices and their kin. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {notEqual} from './conditions.js';
import {einsum, einsumShape} from './einsum.js';
import {getItem} from './indexing.js';
import {matMul} from './matrix_product.js';
import {cast, type Operation, promoted, type Table, toFloat} from './operation.js';
import {max} from './reductions.js';
import {axesOf, broadcastShapes, reducedShape, sizeOfShape, toAxis} from './shapes.js';
import {ALL, type Arguments, kindOf, widest} from './values.js';

/** Computes in floats, the only numbers of tfjs's matrix products, and gives Keras's dtype. */
const inFloats =
  (names: [string, string], f: (a: tf.Tensor, b: tf.Tensor, args: Arguments) => tf.Tensor) =>
  (args: Arguments<tf.Tensor>): tf.Tensor => {
    const [a, b] = names.map((name) => args.tensor(name));
    const kind = widest([kindOf(a.dtype), kindOf(b.dtype)]);
    const result = f(toFloat(a), toFloat(b), args);
    return kind === 'float32' ? result : cast(tf.round(result), kind);
  };

function matMulShape(a: Shape, b: Shape): Shape {
  if (!a.length || !b.length) throw new Error('a number is no matrix.');
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  expectFit(left.at(-1), right.at(-2), a, b);
  const before = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  const [m, n] = [left.at(-2), right.at(-1)] as Shape;
  return [...before, ...(a.length === 1 ? [] : [m]), ...(b.length === 1 ? [] : [n])];
}

function expectFit(m: number | null | undefined, n: number | null | undefined, a: Shape, b: Shape) {
  if (m == null || n == null || m === n) return;
  throw new Error(`the shapes [${a}] and [${b}] do not fit.`);
}

const matmul: Operation = {
  signature: 'x1, x2',
  shape: (args) => matMulShape(args.tensor('x1').shape, args.tensor('x2').shape),
  compute: inFloats(['x1', 'x2'], matMul),
};

/** Sums over axes of one and the other, all else side by side. */
function contract(a: tf.Tensor, b: tf.Tensor, axesA: number[], axesB: number[]): tf.Tensor {
  const [restA, restB] = [rest(a.shape, axesA), rest(b.shape, axesB)];
  const size = (x: tf.Tensor, axes: number[]) => axes.reduce((n, i) => n * x.shape[i], 1);
  const left = tf.reshape(tf.transpose(a, [...restA, ...axesA]), [size(a, restA), size(a, axesA)]);
  const right = tf.reshape(tf.transpose(b, [...axesB, ...restB]), [size(b, axesB), size(b, restB)]);
  const product = tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D);
  return tf.reshape(product, [...restA.map((i) => a.shape[i]), ...restB.map((i) => b.shape[i])]);
}

const rest = (shape: Shape, axes: number[]) => [...shape.keys()].filter((i) => !axes.includes(i));

/** @param pairs of the two shapes the axes that are summed over */
const contraction = (
  signature: string,
  names: [string, string],
  pairs: (args: Arguments, a: Shape, b: Shape) => [number[], number[]],
): Operation => ({
  signature,
  shape: (args) => {
    const [a, b] = names.map((name) => args.tensor(name).shape);
    const [axesA, axesB] = pairs(args, a, b);
    if (axesA.length !== axesB.length) throw new Error('its axes are not as many.');
    axesA.forEach((axis, i) => {
      expectFit(a[axis], b[axesB[i]], a, b);
    });
    return [...rest(a, axesA).map((i) => a[i]), ...rest(b, axesB).map((i) => b[i])];
  },
  compute: inFloats(names, (a, b, args) => {
    const [axesA, axesB] = pairs(args, a.shape, b.shape);
    return a.rank && b.rank ? contract(a, b, axesA, axesB) : tf.mul(a, b);
  }),
});

function tensordotAxes(args: Arguments, a: Shape, b: Shape): [number[], number[]] {
  const axes = args.get('axes') ?? 2;
  if (typeof axes === 'number') {
    const count = Array.from({length: axes}, (_, i) => i);
    return [count.map((i) => a.length - axes + i), count];
  }
  const [left, right] = (axes as (number | number[])[]).map((each) => [each].flat());
  return [left.map((axis) => toAxis(axis, a.length)), right.map((axis) => toAxis(axis, b.length))];
}

const dotAxes = (_: Arguments, a: Shape, b: Shape): [number[], number[]] =>
  a.length && b.length ? [[a.length - 1], [Math.max(0, b.length - 2)]] : [[], []];

const innerAxes = (_: Arguments, a: Shape, b: Shape): [number[], number[]] =>
  a.length && b.length ? [[a.length - 1], [b.length - 1]] : [[], []];

const outer: Operation = {
  signature: 'x1, x2',
  shape: (args) => ['x1', 'x2'].map((name) => sizeOfShape(args.tensor(name).shape)),
  compute: (args) => {
    const [a, b] = promoted(args, 'x1', 'x2');
    return tf.mul(tf.reshape(a, [-1, 1]), tf.reshape(b, [1, -1]));
  },
};

const vdot: Operation = {
  signature: 'x1, x2',
  shape: () => [],
  compute: inFloats(['x1', 'x2'], (a, b) =>
    tf.sum(tf.mul(tf.reshape(a, [-1]), tf.reshape(b, [-1]))),
  ),
};

const kron: Operation = {
  signature: 'x1, x2',
  shape: (args) => {
    const [a, b] = alike(args.tensor('x1').shape, args.tensor('x2').shape);
    return a.map((size, i) => (size === null || b[i] === null ? null : size * (b[i] as number)));
  },
  compute: (args) => {
    const [x1, x2] = promoted(args, 'x1', 'x2');
    const [a, b] = alike(x1.shape, x2.shape) as number[][];
    const product = tf.mul(
      tf.reshape(
        x1,
        a.flatMap((size) => [size, 1]),
      ),
      tf.reshape(
        x2,
        b.flatMap((size) => [1, size]),
      ),
    );
    return tf.reshape(
      product,
      a.map((size, i) => size * b[i]),
    );
  },
};

/** The shorter filled up with ones in front. */
function alike(a: Shape, b: Shape): [Shape, Shape] {
  const rank = Math.max(a.length, b.length);
  const filled = (shape: Shape) => [...Array(rank - shape.length).fill(1), ...shape];
  return [filled(a), filled(b)];
}

const crossAxes = (args: Arguments) =>
  ['axisa', 'axisb', 'axisc'].map((name) => args.integer(args.has('axis') ? 'axis' : name, -1));

const moved = (shape: Shape, axis: number, to: number): number[] => {
  const order = [...shape.keys()].filter((i) => i !== axis);
  order.splice(to, 0, axis);
  return order;
};

const cross: Operation = {
  signature: 'x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None',
  shape: (args) => {
    const [axisA, axisB, axisC] = crossAxes(args);
    const [a, b] = ['x1', 'x2'].map((name) => args.tensor(name).shape);
    const [i, j] = [toAxis(axisA, a.length), toAxis(axisB, b.length)];
    const others = broadcastShapes(reducedShape(a, [i], false), reducedShape(b, [j], false));
    if (a[i] === 2 && b[j] === 2) return others;
    if (a[i] !== 3 && b[j] !== 3) {
      throw new Error('it must be known of how many numbers its vectors are: two or three.');
    }
    const at = toAxis(axisC, others.length + 1);
    return [...others.slice(0, at), 3, ...others.slice(at)];
  },
  compute: (args) => {
    const [axisA, axisB, axisC] = crossAxes(args);
    const vectors = promoted(args, 'x1', 'x2').map((x, i) => {
      const axis = toAxis(i ? axisB : axisA, x.rank);
      return tf.transpose(x, moved(x.shape, axis, x.rank - 1));
    });
    const part = (x: tf.Tensor, i: number): tf.Tensor => {
      if (i >= (x.shape.at(-1) as number)) return tf.zeros(x.shape.slice(0, -1), kindOf(x.dtype));
      return getItem(x, [...x.shape.slice(1).map(() => ALL), i]);
    };
    const [a, b] = vectors.map((x) => [0, 1, 2].map((i) => part(x, i)));
    const minor = (i: number, j: number) => tf.sub(tf.mul(a[i], b[j]), tf.mul(a[j], b[i]));
    if (vectors.every((x) => x.shape.at(-1) === 2)) return minor(0, 1);
    const product = tf.stack([minor(1, 2), minor(2, 0), minor(0, 1)], -1);
    const last = product.rank - 1;
    return tf.transpose(product, moved(product.shape, last, toAxis(axisC, product.rank)));
  },
};

const norm: Operation = {
  signature: 'x, ord=None, axis=None, keepdims=False',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axes = axesOf(args, shape.length);
    normOf(args, axes.length);
    return reducedShape(shape, axes, args.flag('keepdims'));
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const axes = axesOf(args, x.rank);
    const kept = normOf(args, axes.length)(x, axes);
    return tf.reshape(kept, reducedShape(x.shape, axes, args.flag('keepdims')) as number[]);
  },
};

type Norm = (x: tf.Tensor, axes: number[]) => tf.Tensor;

const least = (x: tf.Tensor, axes: number[]) => tf.neg(max(tf.neg(x), axes, true));
const greatest = (x: tf.Tensor, axes: number[]) => max(x, axes, true);

/** @throws Error There is no such norm of vectors or matrices, or none without singular values. */
function normOf(args: Arguments, dimensions: number): Norm {
  const value = args.get('ord');
  const ord = value === 'euclidean' ? null : value;
  if (dimensions > 2 && ord === null && !args.has('axis')) return (x, axes) => euclid(x, axes);
  const infinite = ord === Number.POSITIVE_INFINITY || ord === 'inf';
  const lowest = ord === Number.NEGATIVE_INFINITY || ord === '-inf';
  if (dimensions === 1) {
    if (ord === null || ord === 2) return euclid;
    if (infinite) return (x, axes) => greatest(tf.abs(x), axes);
    if (lowest) return (x, axes) => least(tf.abs(x), axes);
    if (ord === 0) return (x, axes) => tf.sum(tf.cast(notEqual(x, 0), 'float32'), axes, true);
    if (typeof ord === 'number') {
      return (x, axes) => tf.pow(tf.sum(tf.pow(tf.abs(x), ord), axes, true), 1 / ord);
    }
  }
  if (dimensions === 2) {
    if (ord === null || ord === 'fro') return euclid;
    const pick = ord === 1 || infinite ? greatest : ord === -1 || lowest ? least : undefined;
    const along = infinite || lowest ? 1 : 0;
    if (pick) {
      return (x, axes) => pick(tf.sum(tf.abs(x), axes[along], true), [axes[1 - along]]);
    }
  }
  throw new Error(`tfjs cannot compute its norm ord = ${ord} over ${dimensions} dimensions.`);
}

const euclid: Norm = (x, axes) => tf.sqrt(tf.sum(tf.square(x), axes, true));

/** x over its norm, which counts as at least ε. */
const normalize: Operation = {
  signature: 'x, axis=-1, order=2, epsilon=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    axesOf(args, shape.length);
    return shape.length ? shape : [1];
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const axes = axesOf(args, x.rank);
    const epsilon = args.number('epsilon', 1e-7);
    const order = args.integer('order', 2);
    if (order === 2) {
      const inverse = tf.rsqrt(tf.sum(tf.square(x), axes, true));
      return tf.mul(x, tf.minimum(inverse, 1 / epsilon));
    }
    const size = tf.pow(tf.sum(tf.pow(tf.abs(x), order), axes, true), 1 / order);
    return tf.div(x, tf.maximum(size, epsilon));
  },
};

const distances: Operation = {
  signature: 'x, y',
  shape: (args) => {
    const [a, b] = ['x', 'y'].map((name) => args.tensor(name).shape);
    const before = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
    return [...before, a.at(-2) ?? null, b.at(-2) ?? null];
  },
  compute: (args) => {
    const [a, b] = ['x', 'y'].map((name) => toFloat(args.tensor(name)));
    const away = tf.sub(tf.expandDims(a, -2), tf.expandDims(b, -3));
    return tf.sqrt(tf.sum(tf.square(away), -1));
  },
};

const correlation: Operation = {
  signature: 'x',
  shape: (args) => {
    const {shape} = args.tensor('x');
    return shape.length === 1 ? [] : [...shape.slice(0, -1), shape.at(-2) ?? null];
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const rows = x.rank === 1 ? tf.expandDims(x, 0) : x;
    const away = tf.sub(rows, tf.mean(rows, -1, true));
    const covariance = tf.matMul(away as tf.Tensor2D, away as tf.Tensor2D, false, true);
    const deviation = tf.sqrt(tf.sum(tf.square(away), -1, true));
    const last = [...deviation.shape.keys()].map((i, _, all) =>
      i === all.length - 1 ? i - 1 : i === all.length - 2 ? i + 1 : i,
    );
    const scale = tf.mul(deviation, tf.transpose(deviation, last));
    const result = tf.clipByValue(tf.div(covariance, scale), -1, 1);
    return x.rank === 1 ? tf.reshape(result, []) : result;
  },
};

/** Of two vectors, the products of one with each shift of the other. */
const correlate: Operation = {
  signature: "x1, x2, mode='valid'",
  shape: (args) => {
    const [[n], [m]] = ['x1', 'x2'].map((name) => args.tensor(name).shape);
    const mode = args.text('mode', 'valid');
    if (!['full', 'same', 'valid'].includes(mode)) {
      throw new Error(`tfjs cannot do its mode ${mode}.`);
    }
    if (n === null || m === null) return [null];
    const sizes: Record<string, number> = {full: n + m - 1, same: Math.max(n, m), valid: n - m + 1};
    if (sizes[mode] < 1)
      throw new Error(`tfjs cannot do its mode ${mode} of ${n} and ${m} values.`);
    return [sizes[mode]];
  },
  compute: (args) => {
    const [a, b] = ['x1', 'x2'].map((name) => toFloat(args.tensor(name)));
    const [n, m] = [a.size, b.size];
    const mode = args.text('mode', 'valid');
    const padded = mode === 'valid' ? a : tf.pad(a, [[m - 1, m - 1]]);
    const size = padded.size - m + 1;
    const windows = Array.from({length: m}, (_, i) => tf.slice(padded, [i], [size]));
    const full = tf.sum(tf.mul(tf.stack(windows, 1), b), 1);
    if (mode !== 'same') return full;
    const wanted = Math.max(n, m);
    return tf.slice(full, [Math.floor((size - wanted) / 2)], [wanted]);
  },
};

const einsumOperation: Operation = {
  signature: 'subscripts, *operands',
  shape: (args) =>
    einsumShape(
      args.text('subscripts'),
      args.tensors('operands').map(({shape}) => shape),
    ),
  compute: (args) => {
    const operands = args.tensors('operands');
    const kind = widest(operands.map(({dtype}) => kindOf(dtype)));
    const result = einsum(args.text('subscripts'), operands.map(toFloat));
    return kind === 'float32' ? result : cast(tf.round(result), kind);
  },
};

export const products: Table = {
  CDist: distances,
  Corrcoef: correlation,
  Correlate: correlate,
  Cross: cross,
  Dot: contraction('x1, x2', ['x1', 'x2'], dotAxes),
  Einsum: einsumOperation,
  Inner: contraction('x1, x2', ['x1', 'x2'], innerAxes),
  Kron: kron,
  Matmul: matmul,
  Norm: norm,
  Normalize: normalize,
  Outer: outer,
  Tensordot: contraction('x1, x2, axes=2', ['x1', 'x2'], tensordotAxes),
  Vdot: vdot,
};
