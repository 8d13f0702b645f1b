/** Activations and their kin, as functions between layers. */
import * as tf from '@tensorflow/tfjs-core';
import {greater, less, lessEqual} from './conditions.js';
import {choose, cumulativeSum} from './gradients.js';
import {getItem} from './indexing.js';
import {floats, type Operation, select, type Table, toFloat} from './operation.js';
import {sortedAlong} from './ordering.js';
import {logSumExp} from './reductions.js';
import {axesOf, toAxis, withSize} from './shapes.js';
import {ALL, type Arguments, Slice} from './values.js';

const sigmoid = (x: tf.Tensor) => tf.sigmoid(x);

const hardSigmoid = (x: tf.Tensor) => tf.div(tf.minimum(tf.maximum(tf.add(x, 3), 0), 6), 6);

export const gelu = (x: tf.Tensor, approximate: boolean) => {
  const half = tf.mul(0.5, x);
  if (!approximate) return tf.mul(half, tf.add(1, tf.erf(tf.div(x, Math.SQRT2))));
  const inner = tf.mul(
    Math.sqrt(2 / Math.PI),
    tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))),
  );
  return tf.mul(half, tf.add(1, tf.tanh(inner)));
};

const elu = (x: tf.Tensor, alpha: number) =>
  tf.add(tf.relu(x), tf.mul(alpha, tf.expm1(tf.minimum(x, 0))));

/** Along an axis, several, or, where none is given, over all there is. */
export const softmaxOver = (x: tf.Tensor, axes: number[]) =>
  axes.length === 1 && axes[0] === x.rank - 1
    ? tf.softmax(x)
    : tf.exp(tf.sub(x, logSumExp(x, axes, true)));

const logSoftmaxOver = (x: tf.Tensor, axes: number[]) => tf.sub(x, logSumExp(x, axes, true));

const alongAxes = (
  f: (x: tf.Tensor, axes: number[]) => tf.Tensor,
  signature = 'x, axis=-1',
): Operation => ({
  signature,
  shape: (args) => {
    const {shape} = args.tensor('x');
    axesOf(args, shape.length);
    return shape;
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    return f(x, axesOf(args, x.rank));
  },
});

/** Martins and Astudillo 2016 (arXiv 1602.02068): the nearest point whose coordinates are shares. */
function sparsemax(x: tf.Tensor, [axis]: number[]): tf.Tensor {
  const size = x.shape[axis];
  const sorted = sortedAlong(x, axis, true);
  const sums = cumulativeSum(sorted, axis);
  const count = tf.reshape(
    tf.range(1, size + 1),
    x.shape.map((_, i) => (i === axis ? size : 1)),
  );
  const isIn = greater(tf.sub(sorted, tf.div(tf.sub(sums, 1), count)), 0);
  const k = tf.sum(tf.cast(isIn, 'float32'), axis, true);
  // Keras sums the partial sums of those that are in, which is what is repeated here.
  const total = tf.sum(choose(isIn, sums, tf.zerosLike(sums)), axis, true);
  return tf.relu(tf.sub(x, tf.div(tf.sub(total, 1), k)));
}

const gated: Operation = {
  signature: 'x, axis=-1',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axis = toAxis(args.integer('axis', -1), shape.length);
    const size = shape[axis];
    if (size !== null && size % 2) throw new Error(`${size} values are not two halves.`);
    return withSize(shape, axis, size === null ? null : size / 2);
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const axis = toAxis(args.integer('axis', -1), x.rank);
    const half = x.shape[axis] / 2;
    const part = (slice: Slice) =>
      getItem(
        x,
        x.shape.map((_, i) => (i === axis ? slice : ALL)),
      );
    return tf.mul(part(new Slice(null, half, null)), tf.sigmoid(part(new Slice(half, null, null))));
  },
};

const zeros = (x: tf.Tensor) => tf.zerosLike(x);

const above = (x: tf.Tensor, args: Arguments, name = 'threshold', otherwise = 0.5) =>
  greater(x, args.number(name, otherwise));

export const activations: Table = {
  Celu: floats((x, args) => {
    const alpha = args.number('alpha', 1);
    return tf.add(tf.relu(x), tf.mul(alpha, tf.expm1(tf.div(tf.minimum(x, 0), alpha))));
  }, 'x, alpha=1.0'),
  Elu: floats((x, args) => elu(x, args.number('alpha', 1)), 'x, alpha=1.0'),
  Gelu: floats((x, args) => gelu(x, args.flag('approximate')), 'x, approximate=True'),
  Glu: gated,
  HardShrink: floats((x, args) => select(above(tf.abs(x), args), x, zeros(x)), 'x, threshold=0.5'),
  HardSigmoid: floats(hardSigmoid),
  HardSilu: floats((x) => tf.mul(x, hardSigmoid(x))),
  HardTanh: floats((x) => tf.minimum(tf.maximum(x, -1), 1)),
  LeakyRelu: floats((x, args) => {
    const slope = args.number('negative_slope', 0.2);
    return tf.add(tf.relu(x), tf.mul(slope, tf.minimum(x, 0)));
  }, 'x, negative_slope=0.2'),
  LogSigmoid: floats((x) => tf.neg(tf.softplus(tf.neg(x)))),
  LogSoftmax: alongAxes(logSoftmaxOver),
  Mish: floats((x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  Relu: floats(tf.relu),
  Relu6: floats((x) => tf.minimum(tf.relu(x), 6)),
  Selu: floats((x) => tf.mul(1.0507009873554805, elu(x, 1.6732632423543772))),
  Sigmoid: floats(sigmoid),
  Silu: floats((x) => tf.mul(x, tf.sigmoid(x))),
  SoftShrink: floats((x, args) => {
    const threshold = args.number('threshold', 0.5);
    const below = select(less(x, -threshold), tf.add(x, threshold), zeros(x));
    return select(greater(x, threshold), tf.sub(x, threshold), below);
  }, 'x, threshold=0.5'),
  Softmax: alongAxes(softmaxOver),
  Softplus: floats(tf.softplus),
  Softsign: floats((x) => tf.div(x, tf.add(1, tf.abs(x)))),
  SparsePlus: floats((x) => {
    const curve = tf.mul(0.25, tf.square(tf.add(x, 1)));
    return select(lessEqual(x, -1), zeros(x), select(less(x, 1), curve, x));
  }),
  SparseSigmoid: floats((x) => tf.minimum(tf.maximum(tf.mul(0.5, tf.add(x, 1)), 0), 1)),
  Sparsemax: alongAxes(sparsemax),
  Squareplus: floats(
    (x, args) => tf.div(tf.add(x, tf.sqrt(tf.add(tf.square(x), args.number('b', 4)))), 2),
    'x, b=4',
  ),
  TanhShrink: floats((x) => tf.sub(x, tf.tanh(x))),
  Threshold: floats((x, args) => {
    const otherwise = tf.fill(x.shape, args.number('default_value'));
    return select(above(x, args), x, otherwise);
  }, 'x, threshold, default_value'),
};
