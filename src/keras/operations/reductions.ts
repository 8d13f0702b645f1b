/** Operations that make one number of many, and those that carry one along an axis. */
import * as tf from '@tensorflow/tfjs-core';
import {equal, isFiniteNumber, isNan, logicalNot} from './conditions.js';
import {choose, cumulativeSum, withGradient, withoutGradient} from './gradients.js';
import {cast, type Operation, promoted, type Table, toFloat} from './operation.js';
import {axesOf, reducedShape, sizeOfShape, toAxis} from './shapes.js';
import {type Arguments, kindOf} from './values.js';

type Reduce = (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor;
type ReduceBy = (x: tf.Tensor, axes: number[], keepDims: boolean, args: Arguments) => tf.Tensor;

const reduction = (reduce: ReduceBy, signature = 'x, axis=None, keepdims=False'): Operation => {
  const name = signature.split(',')[0];
  const axes = (args: Arguments) => axesOf(args, args.tensor(name).shape.length);
  return {
    signature,
    shape: (args) => reducedShape(args.tensor(name).shape, axes(args), args.flag('keepdims')),
    compute: (args) => reduce(args.tensor(name), axes(args), args.flag('keepdims'), args),
  };
};

const floatReduction = (reduce: Reduce) =>
  reduction((x, axes, keepDims) => reduce(toFloat(x), axes, keepDims));

const sum: Reduce = (x, axes, keepDims) =>
  tf.sum(x.dtype === 'bool' ? tf.cast(x, 'int32') : x, axes, keepDims);

export const mean: Reduce = (x, axes, keepDims) => tf.mean(toFloat(x), axes, keepDims);

/** The mean square of the distance to the mean. */
export const variance: Reduce = (x, axes, keepDims) => {
  const values = toFloat(x);
  return tf.mean(tf.square(tf.sub(values, tf.mean(values, axes, true))), axes, keepDims);
};

/** Equal greatest values share the gradient, as in TensorFlow; in tfjs each gets the whole. */
function extreme(x: tf.Tensor, axes: number[], keepDims: boolean, isMax: boolean): tf.Tensor {
  if (x.dtype === 'bool') {
    return withoutGradient([x], () => (isMax ? tf.any : tf.all)(x, axes, keepDims));
  }
  if (!axes.length) return tf.clone(x);
  const reduce = isMax ? tf.max : tf.min;
  return withGradient(
    [x],
    () => reduce(x, axes, keepDims),
    (dy, y, [values]) => {
      const shape = reducedShape(values.shape, axes, true) as number[];
      const isThere = tf.cast(equal(values, tf.reshape(y, shape)), 'float32');
      const share = tf.div(tf.reshape(dy, shape), tf.sum(isThere, axes, true));
      return [tf.mul(isThere, share)];
    },
  );
}

const extremum =
  (isMax: boolean): ReduceBy =>
  (x, axes, keepDims, args) => {
    const y = extreme(x, axes, keepDims, isMax);
    if (!args.has('initial')) return y;
    const initial = args.number('initial');
    const numeric = y.dtype === 'bool' ? 'int32' : kindOf(y.dtype);
    const other = tf.scalar(initial, numeric);
    const both = (isMax ? tf.maximum : tf.minimum)(cast(y, numeric), other);
    return cast(both, kindOf(y.dtype));
  };

export const max: Reduce = (x, axes, keepDims) => extreme(x, axes, keepDims, true);

const test =
  (reduce: typeof tf.all): Reduce =>
  (x, axes, keepDims) =>
    withoutGradient([x], () => reduce(cast(x, 'bool'), axes, keepDims));

export const logSumExp: Reduce = (x, axes, keepDims) => {
  const values = toFloat(x);
  const largest = withoutGradient([values], () => {
    const top = tf.max(values, axes, true);
    return choose(isFiniteNumber(top), top, tf.zerosLike(top));
  });
  const total = tf.log(tf.sum(tf.exp(tf.sub(values, largest)), axes, true));
  const result = tf.add(total, largest);
  return tf.reshape(result, reducedShape(x.shape, axes, keepDims) as number[]);
};

function product(x: tf.Tensor, axes: number[], keepDims: boolean): tf.Tensor {
  return tf.prod(x.dtype === 'bool' ? tf.cast(x, 'int32') : x, axes, keepDims);
}

/** The place of the greatest or least, the first of equals. */
const place = (find: typeof tf.argMax): Operation => ({
  signature: 'x, axis=None, keepdims=False',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const keepDims = args.flag('keepdims');
    if (!args.has('axis')) return keepDims ? shape.map(() => 1) : [];
    return reducedShape(shape, [toAxis(args.integer('axis'), shape.length)], keepDims);
  },
  compute: (args) => {
    const x = promoted(args, 'x')[0];
    return withoutGradient([x], () => placeOf(x, args, find));
  },
});

function placeOf(x: tf.Tensor, args: Arguments, find: typeof tf.argMax): tf.Tensor {
  const axis = args.has('axis') ? toAxis(args.integer('axis'), x.rank) : null;
  const y = axis === null ? find(tf.reshape(x, [-1]), 0) : find(x, axis);
  if (!args.flag('keepdims')) return y;
  return tf.reshape(
    y,
    x.shape.map((size, i) => (axis === null || i === axis ? 1 : size)),
  );
}

/** Carries a sum or product along an axis, or along all of the values in a row. */
const scan = (carry: (x: tf.Tensor, axis: number) => tf.Tensor): Operation => ({
  signature: 'x, axis=None, dtype=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    if (!args.has('axis')) return [sizeOfShape(shape)];
    toAxis(args.integer('axis'), shape.length);
    return shape;
  },
  compute: (args) => {
    const given = promoted(args, 'x')[0];
    const x = args.has('dtype') ? cast(given, kindOf(args.text('dtype'))) : given;
    if (!args.has('axis')) return carry(tf.reshape(x, [-1]), 0);
    // tfjs's kernels have an axis counted from the end wrong.
    return carry(x, toAxis(args.integer('axis'), x.rank));
  },
});

const sums = (x: tf.Tensor, axis: number) => cumulativeSum(x, axis);

const products = (x: tf.Tensor, axis: number) =>
  withGradient(
    [x],
    () => tf.cumprod(x, axis),
    (dy, y, [values]) => [tf.divNoNan(tf.cumsum(tf.mul(dy, y), axis, false, true), values)],
  );

/** x with a number in the place of those that are none. */
const without = (x: tf.Tensor, value: number) =>
  x.dtype === 'float32' ? choose(isNan(x), tf.fill(x.shape, value), x) : x;

const isNumber = (x: tf.Tensor) =>
  withoutGradient([x], () => tf.cast(logicalNot(isNan(toFloat(x))), 'float32'));

/** NaN where all of them are. */
const orNaN = (x: tf.Tensor, y: tf.Tensor, axes: number[], keepDims: boolean) => {
  if (x.dtype !== 'float32') return y;
  const count = tf.sum(isNumber(x), axes, keepDims);
  return choose(equal(count, 0), tf.fill(y.shape, Number.NaN), y);
};

const nanMean: Reduce = (x, axes, keepDims) => {
  const values = toFloat(x);
  return tf.div(
    tf.sum(without(values, 0), axes, keepDims),
    tf.sum(isNumber(values), axes, keepDims),
  );
};

const nanVariance: Reduce = (x, axes, keepDims) => {
  const values = toFloat(x);
  const away = tf.sub(values, nanMean(values, axes, true));
  const squares = tf.square(without(away, 0));
  return tf.div(tf.sum(squares, axes, keepDims), tf.sum(isNumber(values), axes, keepDims));
};

const nanExtreme =
  (isMax: boolean): Reduce =>
  (x, axes, keepDims) => {
    const worst = isMax ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    return orNaN(x, extreme(without(x, worst), axes, keepDims, isMax), axes, keepDims);
  };

const nanPlace = (find: typeof tf.argMax, worst: number): Operation => {
  const row = place(find);
  return {
    ...row,
    compute: (args) => {
      const x = promoted(args, 'x')[0];
      return withoutGradient([x], () => {
        const y = placeOf(without(x, worst), args, find);
        if (x.dtype !== 'float32') return y;
        const axes = axesOf(args, x.rank);
        const count = tf.sum(isNumber(x), axes, args.flag('keepdims'));
        return choose(equal(count, 0), tf.scalar(-1, 'int32'), y);
      });
    },
  };
};

const average: Operation = {
  signature: 'x, axis=None, weights=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    return reducedShape(shape, axesOf(args, shape.length), false);
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const axes = axesOf(args, x.rank);
    if (!args.has('weights')) return tf.mean(x, axes);
    const given = toFloat(args.tensor('weights'));
    const shape = x.shape.map((_, i) => (i === axes[0] ? given.size : 1));
    const weights = given.rank < x.rank ? tf.reshape(given, shape) : given;
    const total = tf.sum(given.rank < x.rank ? given : weights, given.rank < x.rank ? [0] : axes);
    return tf.div(tf.sum(tf.mul(x, weights), axes), total);
  },
};

const moments: Operation = {
  signature: 'x, axes, keepdims=False, synchronized=False',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axes = axesOf(args, shape.length, 'axes');
    const reduced = reducedShape(shape, axes, args.flag('keepdims'));
    return [reduced, reduced];
  },
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const axes = axesOf(args, x.rank, 'axes');
    const keepDims = args.flag('keepdims');
    return [mean(x, axes, keepDims), variance(x, axes, keepDims)];
  },
};

const countNonZero: Operation = {
  signature: 'x, axis=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    return reducedShape(shape, axesOf(args, shape.length), false);
  },
  compute: (args) => {
    const x = args.tensor('x');
    const axes = axesOf(args, x.rank);
    return withoutGradient([x], () => tf.sum(tf.cast(cast(x, 'bool'), 'int32'), axes));
  },
};

const size: Operation = {
  signature: 'x',
  shape: () => [],
  compute: (args) => tf.scalar(args.tensor('x').size, 'int32'),
};

export const reductions: Table = {
  All: reduction(test(tf.all)),
  Amax: reduction(max),
  Amin: reduction((x, axes, keepDims) => extreme(x, axes, keepDims, false)),
  Any: reduction(test(tf.any)),
  Argmax: place(tf.argMax),
  Argmin: place(tf.argMin),
  Average: average,
  CountNonzero: countNonZero,
  Cumprod: scan(products),
  Cumsum: scan(sums),
  Logsumexp: floatReduction(logSumExp),
  Max: reduction(extremum(true), 'x, axis=None, keepdims=False, initial=None'),
  Mean: reduction(mean),
  Min: reduction(extremum(false), 'x, axis=None, keepdims=False, initial=None'),
  Moments: moments,
  Nanargmax: nanPlace(tf.argMax, Number.NEGATIVE_INFINITY),
  Nanargmin: nanPlace(tf.argMin, Number.POSITIVE_INFINITY),
  Nancumprod: scan((x, axis) => products(without(x, 1), axis)),
  Nancumsum: scan((x, axis) => sums(without(x, 0), axis)),
  Nanmax: reduction(nanExtreme(true)),
  Nanmean: reduction(nanMean),
  Nanmin: reduction(nanExtreme(false)),
  Nanprod: reduction((x, axes, keepDims) => product(without(x, 1), axes, keepDims)),
  Nanstd: reduction((x, axes, keepDims) => tf.sqrt(nanVariance(x, axes, keepDims))),
  Nansum: reduction((x, axes, keepDims) => sum(without(x, 0), axes, keepDims)),
  Nanvar: reduction(nanVariance),
  Prod: reduction(
    (x, axes, keepDims, args) =>
      product(args.has('dtype') ? cast(x, kindOf(args.text('dtype'))) : x, axes, keepDims),
    'x, axis=None, keepdims=False, dtype=None',
  ),
  Ptp: reduction((x, axes, keepDims) =>
    tf.sub(extreme(x, axes, keepDims, true), extreme(x, axes, keepDims, false)),
  ),
  Size: size,
  Std: reduction((x, axes, keepDims) => tf.sqrt(variance(x, axes, keepDims))),
  Sum: reduction(sum),
  Var: reduction(variance),
};
