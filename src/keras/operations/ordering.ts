/** Operations that put values in order, or find places among ordered ones. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {equal, greater, greaterEqual, less, lessEqual, logicalNot} from './conditions.js';
import {withoutGradient} from './gradients.js';
import {getItem, takeAlongAxis} from './indexing.js';
import {cast, type Operation, promoted, type Table, toFloat} from './operation.js';
import {axesOf, reducedShape, sizeOfShape, toAxis, withSize} from './shapes.js';
import {ALL, type Arguments, kindOf} from './values.js';

/**
 * The places that put the values along the last axis in order; equal ones stay in theirs. tfjs has no
 * other ordering than the greatest first.
 */
function placesInOrder(x: tf.Tensor, k: number, greatestFirst: boolean): tf.Tensor {
  if (k === 0) return tf.zeros([...x.shape.slice(0, -1), 0], 'int32');
  // The greatest of −1 − x are the least of x, in whole numbers to the last.
  const values = greatestFirst
    ? x
    : x.dtype === 'int32'
      ? tf.sub(tf.scalar(-1, 'int32'), x)
      : tf.neg(x);
  return tf.topk(values, k, true).indices;
}

/** The axis last, and how to put it back. */
function withAxisLast(x: tf.Tensor, axis: number): [tf.Tensor, (y: tf.Tensor) => tf.Tensor] {
  const last = x.rank - 1;
  if (axis === last) return [x, (y) => y];
  const order = [...x.shape.keys()].map((i) => (i === axis ? last : i === last ? axis : i));
  return [tf.transpose(x, order), (y) => tf.transpose(y, order)];
}

/** The places along an axis, without a gradient. */
export function placesAlong(x: tf.Tensor, axis: number, greatestFirst = false): tf.Tensor {
  return withoutGradient([x], () => {
    const [moved, back] = withAxisLast(x, axis);
    return back(placesInOrder(moved, x.shape[axis], greatestFirst));
  });
}

export const sortedAlong = (x: tf.Tensor, axis: number, greatestFirst = false) =>
  takeAlongAxis(x, placesAlong(x, axis, greatestFirst), axis);

const flatWithoutAxis = (args: Arguments<tf.Tensor>): [tf.Tensor, number] => {
  const x = promoted(args, 'x')[0];
  if (!args.has('axis')) return [tf.reshape(x, [-1]), 0];
  return [x, toAxis(args.integer('axis'), x.rank)];
};

const orderedShape = (args: Arguments): Shape => {
  const {shape} = args.tensor('x');
  if (!args.has('axis')) return [sizeOfShape(shape)];
  toAxis(args.integer('axis'), shape.length);
  return shape;
};

const sort: Operation = {
  signature: 'x, axis=-1',
  shape: orderedShape,
  compute: (args) => {
    const [x, axis] = flatWithoutAxis(args);
    return cast(sortedAlong(x, axis), kindOf(args.tensor('x').dtype));
  },
};

const argsort: Operation = {
  signature: 'x, axis=-1',
  shape: orderedShape,
  compute: (args) => placesAlong(...flatWithoutAxis(args)),
};

const topK: Operation = {
  signature: 'x, k, sorted=True',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const top = withSize(shape, toAxis(-1, shape.length), args.integer('k'));
    return [top, top];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const places = withoutGradient([x], () => placesInOrder(x, args.integer('k'), true));
    return [takeAlongAxis(x, places, x.rank - 1), places];
  },
};

/** How the place of a quantile between two values is met: the places, and the share of the later. */
type Method = (place: number) => [number, number, number];

const METHODS: Readonly<Record<string, Method>> = {
  linear: (place) => [Math.floor(place), Math.ceil(place), place - Math.floor(place)],
  lower: (place) => [Math.floor(place), Math.floor(place), 0],
  higher: (place) => [Math.ceil(place), Math.ceil(place), 0],
  midpoint: (place) => [Math.floor(place), Math.ceil(place), 0.5],
  nearest: (place) => {
    const nearest = halfToEven(place);
    return [nearest, nearest, 0];
  },
};

function halfToEven(value: number): number {
  const [below, rest] = [Math.floor(value), value - Math.floor(value)];
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function methodOf(args: Arguments): Method {
  const method = args.text('method', 'linear');
  if (Object.hasOwn(METHODS, method)) return METHODS[method];
  throw new Error(`there is no method ${method} of percentiles in Keras.`);
}

/** Quantiles over some axes, in front of the dimensions that are left where there are several. */
const quantile = (
  signature: string,
  share: (args: Arguments) => {shape: number[]; values: number[]},
  method: (args: Arguments) => Method,
): Operation => {
  return {
    signature,
    shape: (args) => {
      const {shape} = args.tensor('x');
      const q = share(args);
      method(args);
      const axes = axesOf(args, shape.length);
      return [...q.shape, ...reducedShape(shape, axes, args.flag('keepdims'))];
    },
    compute: (args) => {
      const x = toFloat(args.tensor('x'));
      const axes = axesOf(args, x.rank);
      const others = [...x.shape.keys()].filter((i) => !axes.includes(i));
      const outer = others.map((i) => x.shape[i]);
      const flat = tf.reshape(tf.transpose(x, [...others, ...axes]), [...outer, -1]);
      const sorted = sortedAlong(flat, flat.rank - 1);
      const size = flat.shape.at(-1) as number;
      const {values, shape} = share(args);
      const at = (place: number) => getItem(sorted, [...outer.map(() => ALL), place]);
      const all = values.map((q) => {
        const [low, high, weight] = method(args)(q * (size - 1));
        if (low === high) return at(low);
        return tf.add(tf.mul(at(low), 1 - weight), tf.mul(at(high), weight));
      });
      const reduced = reducedShape(x.shape, axes, args.flag('keepdims')) as number[];
      return tf.reshape(shape.length ? tf.stack(all) : all[0], [...shape, ...reduced]);
    },
  };
};

const givenShares = (scale: number) => (args: Arguments) => {
  const q = args.get('q');
  const values = Array.isArray(q)
    ? q
    : q !== null && typeof q === 'object' && 'values' in q
      ? q.values
      : [q];
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'number')) {
    throw new Error('its q must be numbers that the file holds.');
  }
  const shape = Array.isArray(q) ? [q.length] : [...args.tensor('q').shape];
  return {shape: shape as number[], values: values.map((value) => value / scale)};
};

// Keras reads no method of Quantile, whatever the file says.
const linear = () => METHODS.linear;

const half = () => ({shape: [], values: [0.5]});

/** How many of the bounds are at or below each value, int32. */
export const binOf = (x: tf.Tensor, bounds: tf.Tensor): tf.Tensor =>
  withoutGradient([x], () =>
    tf.sum(tf.cast(greaterEqual(tf.expandDims(x, -1), bounds), 'int32'), -1),
  );

const digitize: Operation = {
  signature: 'x, bins',
  shape: (args) => args.tensor('x').shape,
  compute: (args) => binOf(toFloat(args.tensor('x')), toFloat(args.tensor('bins'))),
};

const searchSorted: Operation = {
  signature: "sorted_sequence, values, side='left'",
  shape: (args) => {
    const {shape} = args.tensor('sorted_sequence');
    if (shape.length !== 1) throw new Error('its sorted_sequence must have one dimension.');
    return args.tensor('values').shape;
  },
  compute: (args) => {
    const [sequence, values] = promoted(args, 'sorted_sequence', 'values');
    const isBefore = args.text('side', 'left') === 'left' ? less : lessEqual;
    return withoutGradient([values], () =>
      tf.sum(tf.cast(isBefore(sequence, tf.expandDims(values, -1)), 'int32'), -1),
    );
  },
};

const inTopK: Operation = {
  signature: 'targets, predictions, k',
  shape: (args) => args.tensor('targets').shape,
  compute: (args) => {
    const [targets, predictions] = [args.tensor('targets'), toFloat(args.tensor('predictions'))];
    return withoutGradient([predictions], () => {
      const places = tf.expandDims(cast(targets, 'int32'), -1);
      const own = takeAlongAxis(predictions, places, 1);
      const better = tf.sum(tf.cast(greater(predictions, own), 'int32'), -1);
      return less(better, args.integer('k'));
    });
  },
};

const isIn: Operation = {
  signature: 'x1, x2, assume_unique=False, invert=False',
  shape: (args) => args.tensor('x1').shape,
  compute: (args) => {
    const [x, others] = promoted(args, 'x1', 'x2');
    return withoutGradient([x, others], () => {
      const found = tf.any(equal(tf.expandDims(x, -1), tf.reshape(others, [-1])), -1);
      return args.flag('invert') ? logicalNot(found) : found;
    });
  },
};

const noMethod = "axis=None, method='linear', keepdims=False";

export const ordering: Table = {
  Argsort: argsort,
  Digitize: digitize,
  InTopK: inTopK,
  IsIn: isIn,
  Median: quantile('x, axis=None, keepdims=False', half, linear),
  Percentile: quantile(`x, q, ${noMethod}`, givenShares(100), methodOf),
  Quantile: quantile(`x, q, ${noMethod}`, givenShares(1), linear),
  SearchSorted: searchSorted,
  Sort: sort,
  TopK: topK,
};
