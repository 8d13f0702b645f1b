/** Operations that arrange what a tensor holds: its shape, its order, several of them in one. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {equal, greaterEqual, lessEqual, notEqual} from './conditions.js';
import {broadcastTo, tiled} from './gradients.js';
import {getItem} from './indexing.js';
import {
  cast,
  type Operation,
  promoted,
  promotedList,
  select,
  type Table,
  throughInt,
  toFloat,
} from './operation.js';
import {padTensor} from './pad.js';
import {
  addSizes,
  axesOf,
  broadcastShapes,
  reshapedShape,
  sizeOfShape,
  timesSize,
  toAxis,
  withSize,
} from './shapes.js';
import {type Arguments, Constant, isList, isTensor, kindOf, printedValue, Slice} from './values.js';

const known = (shape: Shape) => shape as number[];

/** A shape among the arguments, where −1 or nothing is an open size. */
function givenShape(args: Arguments, name: string): Shape {
  const value = args.get(name);
  if (!isList(value)) return args.integers(name);
  return value.map((size) => {
    // A size that the model computes, in Keras 2: what is left, if there is one such.
    if (isTensor(size) && !(size instanceof Constant)) return null;
    if (size === null || (typeof size === 'number' && Number.isInteger(size))) return size;
    throw new Error(`its ${name} must be whole numbers, but is ${printedValue(value)}.`);
  });
}

const reshape: Operation = {
  signature: 'x, newshape',
  shape: (args) => reshapedShape(args.tensor('x').shape, givenShape(args, 'newshape')),
  compute: (args) => {
    const x = args.tensor('x');
    return tf.reshape(x, reshapedTo(x, givenShape(args, 'newshape')));
  },
};

/** The shape with the one open size filled in; of two, the first is the batch's, as in x. */
function reshapedTo(x: tf.Tensor, to: Shape): number[] {
  const open = to.filter((size) => size === null || size === -1).length;
  const shape = open > 1 && to[0] === null ? [x.shape[0], ...to.slice(1)] : to;
  return known(reshapedShape(x.shape, shape));
}

const ravel: Operation = {
  signature: 'x',
  shape: (args) => [sizeOfShape(args.tensor('x').shape)],
  compute: (args) => tf.reshape(args.tensor('x'), [-1]),
};

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

const transposed = (x: tf.Tensor, order: number[]) => throughInt(x, (y) => tf.transpose(y, order));

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

const expandDims: Operation = {
  signature: 'x, axis',
  shape: (args) => expandedShape(args, args.tensor('x').shape),
  compute: (args) => {
    const x = args.tensor('x');
    return tf.reshape(x, known(expandedShape(args, x.shape)));
  },
};

function expandedShape(args: Arguments, shape: Shape): Shape {
  const axes = axesOf(args, shape.length + args.integers('axis').length);
  const rest = [...shape];
  const rank = shape.length + axes.length;
  return Array.from({length: rank}, (_, i) =>
    axes.includes(i) ? 1 : (rest.shift() as number | null),
  );
}

const squeeze: Operation = {
  signature: 'x, axis=None',
  shape: (args) => squeezedShape(args, args.tensor('x').shape),
  compute: (args) => {
    const x = args.tensor('x');
    return tf.reshape(x, known(squeezedShape(args, x.shape)));
  },
};

function squeezedShape(args: Arguments, shape: Shape): Shape {
  if (!args.has('axis')) return shape.filter((size) => size !== 1);
  const axes = axesOf(args, shape.length);
  const other = axes.find((axis) => shape[axis] !== 1 && shape[axis] !== null);
  if (other !== undefined) throw new Error(`its axis ${other} of [${shape}] is not of the size 1.`);
  return shape.filter((_, i) => !axes.includes(i));
}

function joinedShape(shapes: Shape[], axis: number): Shape {
  const others = shapes.map((shape) => withSize(shape, axis, 1));
  const [first] = others;
  const shape = first.map((_, i) => {
    const sizes = new Set(others.map((other) => other[i]).filter((size) => size !== null));
    if (sizes.size > 1 || others.some(({length}) => length !== first.length)) {
      throw new Error(`the shapes ${shapes.map((s) => `[${s}]`).join(' and ')} do not fit.`);
    }
    return sizes.size ? ([...sizes][0] as number) : null;
  });
  return withSize(shape, axis, addSizes(...shapes.map((each) => each[axis])));
}

function join(tensors: tf.Tensor[], axis: number): tf.Tensor {
  const alike = promotedList(tensors);
  if (alike.length === 1) return tf.clone(alike[0]);
  if (alike[0].dtype !== 'bool') return tf.concat(alike, axis);
  return cast(
    tf.concat(
      alike.map((x) => tf.cast(x, 'int32')),
      axis,
    ),
    'bool',
  );
}

/** Joins tensors along an axis, each first brought into a form. */
const joining = (
  signature: string,
  form: (shape: Shape) => Shape,
  axisFor: (args: Arguments, shapes: Shape[]) => number,
): Operation => {
  const name = signature.split(',')[0];
  return {
    signature,
    shape: (args) => {
      const shapes = args.tensors(name).map(({shape}) => form(shape));
      return joinedShape(shapes, axisFor(args, shapes));
    },
    compute: (args) => {
      const tensors = args.tensors(name).map((x) => tf.reshape(x, known(form(x.shape))));
      return join(
        tensors,
        axisFor(
          args,
          tensors.map(({shape}) => shape),
        ),
      );
    },
  };
};

const flatIfNoAxis: Operation = {
  signature: 'x1, x2, axis=None',
  shape: (args) => {
    const shapes = ['x1', 'x2'].map((name) => args.tensor(name).shape);
    if (!args.has('axis')) return [addSizes(...shapes.map(sizeOfShape))];
    return joinedShape(shapes, toAxis(args.integer('axis'), shapes[0].length));
  },
  compute: (args) => {
    const tensors = ['x1', 'x2'].map((name) => args.tensor(name));
    if (args.has('axis')) return join(tensors, toAxis(args.integer('axis'), tensors[0].rank));
    return join(
      tensors.map((x) => tf.reshape(x, [-1])),
      0,
    );
  },
};

const stack: Operation = {
  signature: 'x, axis=0',
  shape: (args) => {
    const shapes = args.tensors('x').map(({shape}) => shape);
    const axis = toAxis(args.integer('axis', 0), shapes[0].length + 1);
    const alike = shapes.map((shape) => [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
    return joinedShape(alike, axis);
  },
  compute: (args) => {
    const tensors = args.tensors('x');
    const axis = toAxis(args.integer('axis', 0), tensors[0].rank + 1);
    return join(
      tensors.map((x) => tf.expandDims(x, axis)),
      axis,
    );
  },
};

/** The sizes of the parts. @throws Error The size is open, or not to be parted so. */
type Parts = (args: Arguments, size: number | null) => (number | null)[];

const even: Parts = (args, size) => {
  const value = args.get('indices_or_sections');
  if (typeof value !== 'number') return atPlaces(args, size);
  if (size !== null && size % value !== 0) {
    throw new Error(`${size} values cannot be split into ${value} alike.`);
  }
  return Array(value).fill(size === null ? null : size / value);
};

const atPlaces: Parts = (args, size) => {
  const places = args.integers('indices_or_sections');
  const ends = [...places, size];
  return ends.map((end, i) => (end === null ? null : Math.max(0, end - (i ? places[i - 1] : 0))));
};

const uneven: Parts = (args, size) => {
  const value = args.get('indices_or_sections');
  if (typeof value !== 'number') return atPlaces(args, size);
  if (size === null) return Array(value).fill(null);
  return Array.from(
    {length: value},
    (_, i) => Math.floor(size / value) + (i < size % value ? 1 : 0),
  );
};

const splitting = (
  signature: string,
  parts: Parts,
  axisFor: (args: Arguments, rank: number) => number,
): Operation => ({
  signature,
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axis = axisFor(args, shape.length);
    return parts(args, shape[axis]).map((size) => withSize(shape, axis, size));
  },
  compute: (args) => {
    const x = args.tensor('x');
    const axis = axisFor(args, x.rank);
    let start = 0;
    return (parts(args, x.shape[axis]) as number[]).map((size) => {
      const begin = x.shape.map((_, i) => (i === axis ? start : 0));
      start += size;
      return tf.slice(x, begin, known(withSize(x.shape, axis, size)));
    });
  },
});

const byAxis = (args: Arguments, rank: number) => toAxis(args.integer('axis', 0), rank);

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
    return paddingsOf(args, shape.length).map(([a, b], i) => addSizes(shape[i], a, b));
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

function mirrored(x: tf.Tensor, axis: number, a: number, b: number, withEdge: boolean): tf.Tensor {
  const size = x.shape[axis];
  const skip = withEdge ? 0 : 1;
  if (Math.max(a, b) > size - skip) {
    throw new Error(`its pad_width [${a}, ${b}] is more than ${size} values can be mirrored to.`);
  }
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

const broadcasting: Operation = {
  signature: 'x, shape',
  shape: (args) => {
    const to = args.integers('shape');
    broadcastShapes(args.tensor('x').shape, to);
    return to;
  },
  compute: (args) => {
    const to = args.integers('shape');
    return throughInt(args.tensor('x'), (y) => broadcastTo(y, to));
  },
};

const meshgrid: Operation = {
  signature: "*x, indexing='xy'",
  shape: (args) => {
    const tensors = args.tensors('x');
    const sizes = tensors.map(({shape}) => sizeOfShape(shape));
    const isXy = args.text('indexing', 'xy') === 'xy' && sizes.length > 1;
    const shape = isXy ? [sizes[1], sizes[0], ...sizes.slice(2)] : sizes;
    return tensors.map(() => shape);
  },
  compute: (args) => {
    const tensors = args.tensors('x');
    const isXy = args.text('indexing', 'xy') === 'xy' && tensors.length > 1;
    const axisOf = (i: number) => (isXy && i < 2 ? 1 - i : i);
    const shape = tensors.map((_, axis) => {
      const i = tensors.findIndex((__, j) => axisOf(j) === axis);
      return tensors[i].size;
    });
    return tensors.map((x, i) => {
      const own = shape.map((size, axis) => (axis === axisOf(i) ? size : 1));
      return throughInt(tf.reshape(x, own), (y) => broadcastTo(y, shape));
    });
  },
};

const difference: Operation = {
  signature: 'a, n=1, axis=-1',
  shape: (args) => {
    const {shape} = args.tensor('a');
    const axis = toAxis(args.integer('axis', -1), shape.length);
    const size = shape[axis];
    return withSize(shape, axis, size === null ? null : Math.max(0, size - args.integer('n', 1)));
  },
  compute: (args) => {
    const x = args.tensor('a');
    const axis = toAxis(args.integer('axis', -1), x.rank);
    const key = (slice: Slice) => x.shape.map((_, i) => (i === axis ? slice : ALL));
    let y = x;
    for (let i = 0; i < args.integer('n', 1); i++) {
      const [later, sooner] = [new Slice(1, null, null), new Slice(null, -1, null)].map((slice) =>
        getItem(y, key(slice)),
      );
      y =
        y.dtype === 'bool'
          ? notEqual(tf.cast(later, 'int32'), tf.cast(sooner, 'int32'))
          : tf.sub(later, sooner);
    }
    return y === x ? tf.clone(x) : y;
  },
};

const ALL = new Slice(null, null, null);

/** 1 where a row's number and a column's fit a test, [rows, cols], bool. */
export function band(
  rows: number,
  cols: number,
  fits: (row: tf.Tensor, col: tf.Tensor) => tf.Tensor,
) {
  return fits(
    tf.reshape(tf.range(0, rows, 1, 'int32'), [rows, 1]),
    tf.reshape(tf.range(0, cols, 1, 'int32'), [1, cols]),
  );
}

const triangle = (fits: (row: tf.Tensor, col: tf.Tensor) => tf.Tensor): Operation => ({
  signature: 'x, k=0',
  shape: (args) => {
    const {shape} = args.tensor('x');
    if (shape.length < 2) throw new Error(`its x [${shape}] is no matrix.`);
    return shape;
  },
  compute: (args) => {
    const x = args.tensor('x');
    const [rows, cols] = x.shape.slice(-2);
    const k = tf.scalar(args.integer('k', 0), 'int32');
    const keeps = band(rows, cols, (row, col) => fits(row, tf.sub(col, k)));
    return select(keeps, x, tf.zerosLike(x));
  },
});

/** How many entries a diagonal has. */
function diagonalSize(rows: number | null, cols: number | null, offset: number): number | null {
  if (rows === null || cols === null) return null;
  return Math.max(0, offset >= 0 ? Math.min(rows, cols - offset) : Math.min(rows + offset, cols));
}

const diagonal: Operation = {
  signature: 'x, offset=0, axis1=0, axis2=1',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const [a, b] = planeOf(args, shape.length);
    const rest = shape.filter((_, i) => i !== a && i !== b);
    return [...rest, diagonalSize(shape[a], shape[b], args.integer('offset', 0))];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const [a, b] = planeOf(args, x.rank);
    return diagonalOf(toEnd(x, a, b), args.integer('offset', 0));
  },
};

const planeOf = (args: Arguments, rank: number) =>
  ['axis1', 'axis2'].map((name, i) => toAxis(args.integer(name, i), rank));

const toEnd = (x: tf.Tensor, a: number, b: number) =>
  transposed(x, [...[...x.shape.keys()].filter((i) => i !== a && i !== b), a, b]);

/** [..., rows, cols] → [..., entries], by what is not 0 in a band of ones. */
export function diagonalOf(x: tf.Tensor, offset: number): tf.Tensor {
  const [rows, cols] = x.shape.slice(-2);
  const size = diagonalSize(rows, cols, offset) as number;
  const [firstRow, firstCol] = offset >= 0 ? [0, offset] : [-offset, 0];
  const places = Array.from({length: size}, (_, i) => (firstRow + i) * cols + firstCol + i);
  const before = x.shape.slice(0, -2);
  if (!size) return tf.zeros([...before, 0], kindOf(x.dtype));
  const first = places[0];
  const step = cols + 1;
  const flat = tf.reshape(x, [...before, rows * cols]);
  const key = [...before.map(() => ALL), new Slice(first, first + (size - 1) * step + 1, step)];
  return getItem(flat, key);
}

const trace: Operation = {
  signature: 'x, offset=0, axis1=0, axis2=1',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const plane = planeOf(args, shape.length);
    return shape.filter((_, i) => !plane.includes(i));
  },
  compute: (args) => {
    const x = args.tensor('x');
    const [a, b] = planeOf(args, x.rank);
    const entries = diagonalOf(toEnd(x, a, b), args.integer('offset', 0));
    return tf.sum(entries.dtype === 'bool' ? tf.cast(entries, 'int32') : entries, -1);
  },
};

/** A vector on a diagonal of a matrix, or the diagonal of one. */
const diag = (isFlat: boolean): Operation => ({
  signature: 'x, k=0',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const k = args.integer('k', 0);
    if (shape.length === 2 && !isFlat) return [diagonalSize(shape[0], shape[1], k)];
    if (shape.length !== 1 && !isFlat)
      throw new Error(`its x [${shape}] is no vector and no matrix.`);
    const size = sizeOfShape(shape);
    const side = size === null ? null : size + Math.abs(k);
    return [side, side];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const k = args.integer('k', 0);
    if (x.rank === 2 && !isFlat) return diagonalOf(x, k);
    const n = x.size;
    const values = throughInt(tf.reshape(x, [1, n]), (y) => {
      const eye = tf.cast(
        band(n, n, (row, col) => equal(row, col)),
        kindOf(y.dtype),
      );
      const [before, after] = [Math.max(0, k), Math.max(0, -k)];
      return tf.pad(tf.mul(eye, y), [
        [after, before],
        [before, after],
      ]);
    });
    return values;
  },
});

const vander: Operation = {
  signature: 'x, N=None, increasing=False',
  shape: (args) => {
    const {shape} = args.tensor('x');
    return [shape[0], args.has('N') ? args.integer('N') : shape[0]];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const n = args.has('N') ? args.integer('N') : x.size;
    const powers = Array.from({length: n}, (_, i) => (args.flag('increasing') ? i : n - 1 - i));
    const values = tf.pow(tf.reshape(toFloat(x), [-1, 1]), tf.tensor2d(powers, [1, n]));
    return cast(values, kindOf(x.dtype));
  },
};

const trapezoid: Operation = {
  signature: 'y, x=None, dx=1.0, axis=-1',
  shape: (args) => {
    const {shape} = args.tensor('y');
    const axis = toAxis(args.integer('axis', -1), shape.length);
    return shape.filter((_, i) => i !== axis);
  },
  compute: (args) => {
    const given = toFloat(args.tensor('y'));
    const axis = toAxis(args.integer('axis', -1), given.rank);
    const last = (x: tf.Tensor) =>
      tf.transpose(x, [...[...x.shape.keys()].filter((i) => i !== axis), axis]);
    const ends = (x: tf.Tensor) =>
      [new Slice(1, null, null), new Slice(null, -1, null)].map((slice) =>
        getItem(x, [...Array(x.rank - 1).fill(ALL), slice]),
      );
    const [later, sooner] = ends(last(given));
    const heights = tf.mul(0.5, tf.add(later, sooner));
    if (!args.has('x')) return tf.sum(tf.mul(heights, args.number('dx', 1)), -1);
    const at = toFloat(args.tensor('x'));
    const [after, before] = ends(at.rank === given.rank ? last(at) : at);
    return tf.sum(tf.mul(heights, tf.sub(after, before)), -1);
  },
};

const ndim: Operation = {
  signature: 'x',
  shape: () => [],
  compute: (args) => tf.scalar(args.tensor('x').rank, 'int32'),
};

/** Numbers from a first to a last one, which may be tensors. */
const spaced = (
  signature: string,
  values: (args: Arguments, start: tf.Tensor, stop: tf.Tensor, share: tf.Tensor) => tf.Tensor,
): Operation => {
  const shapeOf = (args: Arguments) =>
    broadcastShapes(args.tensor('start').shape, args.tensor('stop').shape);
  return {
    signature,
    shape: (args) => {
      if (args.flag('retstep')) throw new Error('its retstep gives a number beside the tensor.');
      const shape = shapeOf(args);
      const axis = toAxis(args.integer('axis', 0), shape.length + 1);
      return [...shape.slice(0, axis), args.integer('num', 50), ...shape.slice(axis)];
    },
    compute: (args) => {
      const num = args.integer('num', 50);
      const rank = shapeOf(args).length;
      const axis = toAxis(args.integer('axis', 0), rank + 1);
      const [start, stop] = promoted(args, 'start', 'stop').map((x) => {
        const padded = tf.reshape(toFloat(x), [...Array(rank - x.rank).fill(1), ...x.shape]);
        return tf.expandDims(padded, axis);
      });
      const steps = args.flag('endpoint') ? Math.max(1, num - 1) : num;
      const shares = Array.from({length: num}, (_, i) => i / steps);
      const shape = Array.from({length: rank + 1}, (_, i) => (i === axis ? num : 1));
      const spread = values(args, start, stop, tf.tensor(shares, shape, 'float32'));
      return args.has('dtype') ? cast(spread, kindOf(args.text('dtype'))) : spread;
    },
  };
};

const between = (start: tf.Tensor, stop: tf.Tensor, share: tf.Tensor) =>
  tf.add(start, tf.mul(tf.sub(stop, start), share));

const firstAxis = (_: Arguments, shapes: Shape[]) => (shapes[0].length === 1 ? 0 : 1);
const atLeast3d = (shape: Shape): Shape =>
  shape.length === 0
    ? [1, 1, 1]
    : shape.length === 1
      ? [1, ...shape, 1]
      : shape.length === 2
        ? [...shape, 1]
        : shape;

export const shaping: Table = {
  Append: flatIfNoAxis,
  ArraySplit: splitting('x, indices_or_sections, axis=0', uneven, byAxis),
  BroadcastTo: broadcasting,
  Concatenate: joining(
    'xs, axis=0',
    (shape) => shape,
    (args, shapes) => toAxis(args.integer('axis', 0), shapes[0].length),
  ),
  Diag: diag(false),
  Diagflat: diag(true),
  Diagonal: diagonal,
  Diff: difference,
  Dsplit: splitting('x, indices_or_sections', even, () => 2),
  Dstack: joining('xs', atLeast3d, () => 2),
  ExpandDims: expandDims,
  Flip: reversing('x, axis=None', axesOf),
  Fliplr: reversing('x', () => [1]),
  Flipud: reversing('x', () => [0]),
  Geomspace: spaced('start, stop, num=50, endpoint=True, dtype=None, axis=0', (_, a, b, share) =>
    tf.mul(a, tf.pow(tf.div(b, a), share)),
  ),
  Hsplit: splitting('x, indices_or_sections', even, (_, rank) => (rank === 1 ? 0 : 1)),
  Hstack: joining('xs', (shape) => (shape.length ? shape : [1]), firstAxis),
  Linspace: spaced(
    'start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0',
    (_, a, b, share) => between(a, b, share),
  ),
  Logspace: spaced(
    'start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0',
    (args, a, b, share) => tf.pow(args.number('base', 10), between(a, b, share)),
  ),
  Meshgrid: meshgrid,
  Moveaxis: permutation('x, source, destination', moved),
  Ndim: ndim,
  Pad: pad,
  Ravel: ravel,
  Repeat: repeat,
  Reshape: reshape,
  Roll: roll,
  Rot90: rot90,
  Split: splitting('x, indices_or_sections, axis=0', even, byAxis),
  Squeeze: squeeze,
  Stack: stack,
  Swapaxes: permutation('x, axis1, axis2', swapped),
  Tile: tile,
  Trace: trace,
  Transpose: permutation('x, axes=None', reversedOrder),
  Trapezoid: trapezoid,
  Tril: triangle(greaterEqual),
  Triu: triangle(lessEqual),
  Vander: vander,
  Vsplit: splitting('x, indices_or_sections', even, () => 0),
  Vstack: joining(
    'xs',
    (shape) => shape,
    () => 0,
  ),
};
