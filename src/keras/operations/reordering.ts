/** Operations that put axes, or the entries along them, in another order. */
import * as tf from '@tensorflow/tfjs-core';
import {join} from './joining.js';
import {type Operation, type Table, throughInt} from './operation.js';
import {axesOf, known, toAxis, withSize} from './shapes.js';
import type {Arguments} from './values.js';

/** An order of the axes, from the arguments. */
type Order = (args: Arguments, rank: number) => number[];

const permutation = (signature: string, order: Order): Operation => {
  const name = signature.split(',')[0];
  return {
    signature,
    shape: (args) => {
      const {shape} = args.tensor(name);
      return order(args, shape.length).map((axis) => shape[axis]);
    },
    compute: (args) => {
      const x = args.tensor(name);
      return transposed(x, order(args, x.rank));
    },
  };
};

export const transposed = (x: tf.Tensor, order: number[]) =>
  throughInt(x, (y) => tf.transpose(y, order));

const reversedOrder: Order = (args, rank) => {
  if (!args.has('axes')) return [...Array(rank).keys()].reverse();
  const order = axesOf(args, rank, 'axes');
  if (order.length === rank) return order;
  throw new Error(`its axes [${order}] are not those of ${rank} dimensions.`);
};

const swapped: Order = (args, rank) => {
  const [a, b] = ['axis1', 'axis2'].map((name) => toAxis(args.integer(name), rank));
  return [...Array(rank).keys()].map((axis) => (axis === a ? b : axis === b ? a : axis));
};

const moved: Order = (args, rank) => {
  const [from, to] = ['source', 'destination'].map((name) => axesOf(args, rank, name));
  if (from.length !== to.length) throw new Error('its source and destination are not as many.');
  const order = [...Array(rank).keys()].filter((axis) => !from.includes(axis));
  const pairs = to.map((place, i): [number, number] => [place, from[i]]);
  for (const [place, axis] of pairs.sort(([a], [b]) => a - b)) order.splice(place, 0, axis);
  return order;
};

const reversing = (
  signature: string,
  axes: (args: Arguments, rank: number) => number[],
): Operation => ({
  signature,
  shape: (args) => {
    const {shape} = args.tensor('x');
    axes(args, shape.length);
    return shape;
  },
  compute: (args) => {
    const x = args.tensor('x');
    return throughInt(x, (y) => tf.reverse(y, axes(args, x.rank)));
  },
});

const roll: Operation = {
  signature: 'x, shift, axis=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    if (args.has('axis')) axesOf(args, shape.length);
    args.integers('shift');
    return shape;
  },
  compute: (args) => {
    const x = args.tensor('x');
    const shifts = args.integers('shift');
    if (!args.has('axis')) return tf.reshape(rolled(tf.reshape(x, [-1]), 0, shifts[0]), x.shape);
    const axes = args.integers('axis').map((axis) => toAxis(axis, x.rank));
    return axes.reduce((y, axis, i) => rolled(y, axis, shifts[i] ?? shifts[0]), x);
  },
};

function rolled(x: tf.Tensor, axis: number, shift: number): tf.Tensor {
  const size = x.shape[axis];
  const by = size ? ((shift % size) + size) % size : 0;
  if (!by) return tf.clone(x);
  const cut = (start: number, count: number) =>
    tf.slice(
      x,
      x.shape.map((_, i) => (i === axis ? start : 0)),
      known(withSize(x.shape, axis, count)),
    );
  return join([cut(size - by, by), cut(0, size - by)], axis);
}

const rot90: Operation = {
  signature: 'array, k=1, axes=None',
  shape: (args) => {
    const {shape} = args.tensor('array');
    const {order, plane} = turn(args, shape.length);
    const [height, width] = plane.map((axis) => shape[axis]);
    // Keras's function for TensorFlow reshapes there what should be transposed.
    if (args.integer('k', 1) % 4 === 2 && height !== width) {
      throw new Error('half a turn of what is not square is another in Keras for each backend.');
    }
    return order.map((axis) => shape[axis]);
  },
  compute: (args) => {
    const x = args.tensor('array');
    const {order, flips} = turn(args, x.rank);
    return throughInt(x, (y) => tf.transpose(flips.length ? tf.reverse(y, flips) : y, order));
  },
};

/** A turn as a reversal of axes and then an exchange of two. */
function turn(args: Arguments, rank: number) {
  const [a, b] = args.has('axes') ? axesOf(args, rank, 'axes') : [0, 1];
  const quarter = ((args.integer('k', 1) % 4) + 4) % 4;
  const straight = [...Array(rank).keys()];
  const crossed = straight.map((axis) => (axis === a ? b : axis === b ? a : axis));
  const flips = [[], [b], [a, b], [a]][quarter];
  return {order: quarter % 2 ? crossed : straight, flips, plane: [a, b]};
}

export const reordering: Table = {
  Flip: reversing('x, axis=None', axesOf),
  Fliplr: reversing('x', () => [1]),
  Flipud: reversing('x', () => [0]),
  Moveaxis: permutation('x, source, destination', moved),
  Roll: roll,
  Rot90: rot90,
  Swapaxes: permutation('x, axis1, axis2', swapped),
  Transpose: permutation('x, axes=None', reversedOrder),
};
