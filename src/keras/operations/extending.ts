/** Operations that repeat entries, or set others around them. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {tiled} from './gradients.js';
import {join} from './joining.js';
import {type Operation, type Table, throughInt} from './operation.js';
import {padTensor} from './pad.js';
import {addSizes, known, sizeOfShape, timesSize, toAxis, withSize} from './shapes.js';
import {type Arguments, isList, printedValue} from './values.js';

/** Widths before and after, for each axis: Keras takes one number or one pair for all, too. */
function paddingsOf(args: Arguments, rank: number): [number, number][] {
  const value = args.get('pad_width');
  const pairs = isList(value) ? value : [value];
  const pair = (item: unknown): [number, number] => {
    const list = Array.isArray(item) ? item : [item];
    const [before, after = before] = list;
    if (list.length <= 2 && Number.isInteger(before) && Number.isInteger(after))
      return [before, after];
    throw new Error(`its pad_width must be pairs of whole numbers, but is ${printedValue(value)}.`);
  };
  if (pairs.every((item) => typeof item === 'number')) return Array(rank).fill(pair(pairs));
  if (pairs.length === 1) return Array(rank).fill(pair(pairs[0]));
  if (pairs.length === rank) return pairs.map(pair);
  throw new Error(`its pad_width ${printedValue(value)} is not for ${rank} dimensions.`);
}

const pad: Operation = {
  signature: "x, pad_width, mode='constant', constant_values=None",
  shape: (args) => {
    const {shape} = args.tensor('x');
    const mode = args.text('mode', 'constant').toLowerCase();
    if (!['constant', 'reflect', 'symmetric'].includes(mode)) {
      throw new Error(`there is no mode ${mode} of padding in Keras.`);
    }
    return paddingsOf(args, shape.length).map(([a, b], i) => {
      const size = shape[i];
      if (mode !== 'constant' && size !== null) expectMirrored(size, a, b, mode === 'symmetric');
      return addSizes(size, a, b);
    });
  },
  compute: (args) => {
    const x = args.tensor('x');
    const paddings = paddingsOf(args, x.rank);
    const mode = args.text('mode', 'constant').toLowerCase();
    if (mode === 'constant') {
      const value = args.has('constant_values') ? args.number('constant_values') : 0;
      return throughInt(x, (y) => padTensor(y, paddings, value));
    }
    // Mirrored by slices and reversals, of which all backends have gradients.
    return paddings.reduce((y, [a, b], axis) => mirrored(y, axis, a, b, mode === 'symmetric'), x);
  },
};

/** @throws Error There are fewer values than are to be mirrored. */
function expectMirrored(size: number, a: number, b: number, withEdge: boolean): void {
  if (Math.max(a, b) <= (withEdge ? size : size - 1)) return;
  throw new Error(`its pad_width [${a}, ${b}] is more than ${size} values can be mirrored to.`);
}

function mirrored(x: tf.Tensor, axis: number, a: number, b: number, withEdge: boolean): tf.Tensor {
  const size = x.shape[axis];
  const skip = withEdge ? 0 : 1;
  expectMirrored(size, a, b, withEdge);
  const part = (start: number, count: number) => {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    const cut = tf.slice(x, begin, known(withSize(x.shape, axis, count)));
    return throughInt(cut, (y) => tf.reverse(y, axis));
  };
  const parts = [...(a ? [part(skip, a)] : []), x, ...(b ? [part(size - skip - b, b)] : [])];
  return join(parts, axis);
}

const tile: Operation = {
  signature: 'x, repeats',
  shape: (args) => {
    const {shape, times} = tiling(args, args.tensor('x').shape);
    return shape.map((size, i) => timesSize(size, times[i]));
  },
  compute: (args) => {
    const x = args.tensor('x');
    const {shape, times} = tiling(args, x.shape);
    return throughInt(tf.reshape(x, known(shape)), (y) => tiled(y, times));
  },
};

/** A shape and its repeats, the shorter filled up with ones in front. */
function tiling(args: Arguments, shape: Shape) {
  const repeats = args.integers('repeats');
  const rank = Math.max(shape.length, repeats.length);
  const filled = <T>(list: readonly (T | 1)[]) => [
    ...Array<1>(rank - list.length).fill(1),
    ...list,
  ];
  return {shape: filled(shape) as Shape, times: filled(repeats) as number[]};
}

const repeat: Operation = {
  signature: 'x, repeats, axis=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const repeats = args.integers('repeats');
    const flat = args.has('axis') ? shape : [sizeOfShape(shape)];
    const axis = toAxis(args.integer('axis', 0), flat.length);
    const size =
      repeats.length === 1
        ? timesSize(flat[axis], repeats[0])
        : repeats.reduce((sum, n) => sum + n, 0);
    return withSize(flat, axis, size);
  },
  compute: (args) => {
    const given = args.tensor('x');
    const x = args.has('axis') ? given : tf.reshape(given, [-1]);
    const axis = toAxis(args.integer('axis', 0), x.rank);
    const repeats = args.integers('repeats');
    const repeated = (y: tf.Tensor, times: number) => {
      const apart = tf.expandDims(y, axis + 1);
      const counts = apart.shape.map((_, i) => (i === axis + 1 ? times : 1));
      const copies = throughInt(apart, (z) => tiled(z, counts));
      return tf.reshape(copies, known(withSize(y.shape, axis, y.shape[axis] * times)));
    };
    if (repeats.length === 1) return repeated(x, repeats[0]);
    const one = known(withSize(x.shape, axis, 1));
    const parts = repeats.flatMap((times, i) => {
      const begin = x.shape.map((_, j) => (j === axis ? i : 0));
      return times ? [repeated(tf.slice(x, begin, one), times)] : [];
    });
    return join(parts, axis);
  },
};

export const extending: Table = {
  Pad: pad,
  Repeat: repeat,
  Tile: tile,
};
