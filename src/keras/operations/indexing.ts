/** Operations that take parts of a tensor, by slices, indices and their like. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {broadcastTo, choose, gather, withGradient, withoutGradient} from './gradients.js';
import {cast, type Operation, select, type Table, throughInt} from './operation.js';
import {padTensor} from './pad.js';
import {broadcastShapes, toAxis, withSize} from './shapes.js';
import {
  ALL,
  type Arguments,
  Constant,
  Ellipsis,
  isList,
  kindOf,
  printedValue,
  Slice,
  type Value,
} from './values.js';

/** What is done with an axis: taken at one place, cut, or put in anew. */
type Step = {kind: 'at'; index: number} | {kind: 'cut'; slice: Slice} | {kind: 'new'};

/** @throws Error It is none of a number, a slice, an ellipsis and a new axis. */
function stepsOf(key: Value, rank: number): Step[] {
  const items = isList(key) ? key : [key];
  const taken = items.filter((item) => item !== null && !(item instanceof Ellipsis)).length;
  const ellipses = items.filter((item) => item instanceof Ellipsis).length;
  if (taken > rank || ellipses > 1) {
    throw new Error(`${printedValue(key)} has too many places for ${rank} dimensions.`);
  }
  const rest = Array.from({length: rank - taken}, (): Step => ({kind: 'cut', slice: ALL}));
  const steps = items.flatMap((item): Step[] => {
    if (item === null) return [{kind: 'new'}];
    if (item instanceof Ellipsis) return rest;
    if (item instanceof Slice) return [{kind: 'cut', slice: item}];
    return [{kind: 'at', index: wholeNumber(item)}];
  });
  return ellipses ? steps : [...steps, ...rest];
}

function wholeNumber(value: Value): number {
  const number = value instanceof Constant && !value.shape.length ? value.values[0] : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new Error(`a place in it must be a whole number, but is ${printedValue(value)}.`);
}

/** The first place, the step and how many, of a slice of an axis: as Python's `slice.indices`. */
function rangeOf({start, stop, step}: Slice, size: number) {
  const by = stepOf(step);
  const [lowest, highest] = by > 0 ? [0, size] : [-1, size - 1];
  const place = (value: Value, otherwise: number) => {
    if (value === null) return otherwise;
    const n = wholeNumber(value);
    return Math.min(Math.max(n < 0 ? n + size : n, lowest), highest);
  };
  const first = place(start, by > 0 ? lowest : highest);
  const end = place(stop, by > 0 ? highest : lowest);
  return {first, by, count: Math.max(0, Math.ceil((end - first) / by))};
}

function stepOf(step: Value): number {
  const by = step === null ? 1 : wholeNumber(step);
  if (by === 0) throw new Error('the step of a slice is 0.');
  return by;
}

/** The size of a slice of an axis whose own size is open: open too. @throws Error As `rangeOf`. */
function openSize({start, stop, step}: Slice): null {
  for (const value of [start, stop]) if (value !== null) wholeNumber(value);
  stepOf(step);
  return null;
}

function itemShape(shape: Shape, key: Value): Shape {
  let axis = 0;
  return stepsOf(key, shape.length).flatMap((step): Shape => {
    if (step.kind === 'new') return [1];
    const size = shape[axis++];
    if (step.kind === 'at') {
      if (size !== null) toAxis(step.index, size);
      return [];
    }
    return [size === null ? openSize(step.slice) : rangeOf(step.slice, size).count];
  });
}

/** x[key], each step a cut, a reversal or a reshape, so that all backends have a gradient of it. */
export function getItem(x: tf.Tensor, key: Value): tf.Tensor {
  const steps = stepsOf(key, x.rank);
  const axes = steps.filter((step) => step.kind !== 'new');
  const ranges = axes.map((step, i) => {
    if (step.kind === 'cut') return rangeOf(step.slice, x.shape[i]);
    return {first: toAxis(step.index, x.shape[i]), by: 1, count: 1};
  });
  let y = x;
  const begin = ranges.map(({first, by, count}) => (by > 0 ? first : first + (count - 1) * by));
  const size = ranges.map(({by, count}) => (count ? (count - 1) * Math.abs(by) + 1 : 0));
  if (size.some((n, i) => n !== x.shape[i])) {
    y = tf.slice(
      y,
      begin.map((n, i) => (size[i] ? n : 0)),
      size,
    );
  }
  const backwards = ranges.flatMap(({by, count}, i) => (by < 0 && count > 1 ? [i] : []));
  if (backwards.length) y = throughInt(y, (z) => tf.reverse(z, backwards));
  for (const [i, {by, count}] of ranges.entries()) {
    if (Math.abs(by) > 1 && count > 1) y = everyNth(y, i, Math.abs(by), count);
  }
  let axis = 0;
  const shape = steps.flatMap((step) => {
    if (step.kind === 'new') return [1];
    const n = y.shape[axis++];
    return step.kind === 'at' ? [] : [n];
  });
  return tf.reshape(y, shape);
}

/** The first of each n along an axis. */
function everyNth(x: tf.Tensor, axis: number, n: number, count: number): tf.Tensor {
  const missing = n - 1; // after the last one taken
  const paddings = x.shape.map((_, i): [number, number] => [0, i === axis ? missing : 0]);
  const padded = throughInt(x, (y) => padTensor(y, paddings));
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const split = tf.reshape(padded, [before.reduce(product, 1), count, n, after.reduce(product, 1)]);
  const first = tf.slice(split, [0, 0, 0, 0], [split.shape[0], count, 1, split.shape[3] as number]);
  return tf.reshape(first, [...before, count, ...after]);
}

const product = (a: number, b: number) => a * b;

/** Places counted from the end become such from the start. */
const fromStart = (indices: tf.Tensor, size: number) => {
  const places = cast(indices, 'int32');
  return withoutGradient([places], () =>
    choose(
      tf.less(places, tf.scalar(0, 'int32')),
      tf.add(places, tf.scalar(size, 'int32')),
      places,
    ),
  );
};

const take: Operation = {
  signature: 'x, indices, axis=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const indices = args.tensor('indices').shape;
    if (!args.has('axis')) return indices;
    const axis = toAxis(args.integer('axis'), shape.length);
    return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
  },
  compute: (args) => {
    const given = args.tensor('x');
    const x = args.has('axis') ? given : tf.reshape(given, [-1]);
    const axis = toAxis(args.integer('axis', 0), x.rank);
    const indices = fromStart(args.tensor('indices'), x.shape[axis]);
    return throughInt(x, (y) => gather(y, indices, axis));
  },
};

/** The values along the last axis at the places of `indices`: x [rows, n], indices [rows, k]. */
function takeInRows(x: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const [rows, n] = x.shape;
  const k = indices.shape[1] as number;
  return withGradient(
    [x, indices],
    () => {
      const offsets = tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(n, 'int32'));
      const places = tf.add(indices, tf.reshape(offsets, [rows, 1]));
      return tf.reshape(tf.gather(tf.reshape(x, [-1]), tf.reshape(places, [-1])), [rows, k]);
    },
    (dy, _, [, places]) => {
      const oneHot = tf.oneHot(tf.reshape(places, [-1]) as tf.Tensor1D, n as number);
      const spread = tf.reshape(tf.cast(oneHot, 'float32'), [rows, k, n as number]);
      return [tf.sum(tf.mul(spread, tf.expandDims(dy, -1)), 1)];
    },
  );
}

export function takeAlongAxis(x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
  const last = x.rank - 1;
  const order = [...x.shape.keys()].filter((i) => i !== axis);
  const toLast = [...order, axis];
  const shape = broadcastShapes(withSize(x.shape, axis, 1), withSize(indices.shape, axis, 1));
  const spread = (y: tf.Tensor) => {
    const to = withSize(shape, axis, y.shape[axis]) as number[];
    return tf.transpose(String(to) === String(y.shape) ? y : broadcastTo(y, to), toLast);
  };
  const [values, places] = [spread(x), spread(fromStart(indices, x.shape[axis]))];
  const rows = order.reduce((n, i) => n * (shape[i] as number), 1);
  const taken = throughInt(tf.reshape(values, [rows, -1]), (y) =>
    takeInRows(y, tf.reshape(places, [rows, -1])),
  );
  const back = [...x.shape.keys()].map((i) => (i === axis ? last : order.indexOf(i)));
  return tf.transpose(tf.reshape(taken, places.shape), back);
}

const takeAlong: Operation = {
  signature: 'x, indices, axis=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const indices = args.tensor('indices').shape;
    if (!args.has('axis')) return indices;
    const axis = toAxis(args.integer('axis'), shape.length);
    const others = broadcastShapes(withSize(shape, axis, 1), withSize(indices, axis, 1));
    return withSize(others, axis, indices[axis]);
  },
  compute: (args) => {
    const [x, indices] = [args.tensor('x'), args.tensor('indices')];
    if (args.has('axis')) {
      return takeAlongAxis(x, indices, toAxis(args.integer('axis'), x.rank));
    }
    return takeAlongAxis(tf.reshape(x, [-1]), indices, 0);
  },
};

/** The numbers of a window whose start may be a tensor. */
function startsOf(args: Arguments<tf.Tensor>, name: string): number[] {
  try {
    return args.integers(name);
  } catch {
    throw new Error(`its ${name} must be numbers that the file holds.`);
  }
}

const windowShape = (args: Arguments): Shape => {
  startsOf(args as Arguments<tf.Tensor>, 'start_indices');
  const {shape} = args.tensor('inputs');
  const sizes = args.integers('shape');
  if (sizes.length !== shape.length)
    throw new Error(`its shape [${sizes}] is not of ${shape.length} sizes.`);
  return sizes.map((size, i) => (size < 0 ? null : (size ?? shape[i])));
};

const slice: Operation = {
  signature: 'inputs, start_indices, shape',
  shape: windowShape,
  compute: (args) => {
    const begin = startsOf(args, 'start_indices');
    return tf.slice(args.tensor('inputs'), begin, args.integers('shape'));
  },
};

const sliceUpdate: Operation = {
  signature: 'inputs, start_indices, updates',
  shape: (args) => {
    startsOf(args as Arguments<tf.Tensor>, 'start_indices');
    return args.tensor('inputs').shape;
  },
  compute: (args) => {
    const x = args.tensor('inputs');
    const updates = cast(args.tensor('updates'), kindOf(x.dtype));
    // A start too far is moved so that the update fits, as in Keras.
    const begin = startsOf(args, 'start_indices').map((start, i) =>
      Math.max(0, Math.min(start, x.shape[i] - updates.shape[i])),
    );
    const paddings = begin.map((start, i): [number, number] => [
      start,
      x.shape[i] - start - updates.shape[i],
    ]);
    const isNew = padTensor(tf.ones(updates.shape, 'int32'), paddings);
    return select(
      isNew,
      throughInt(updates, (y) => padTensor(y, paddings)),
      x,
    );
  },
};

const unstack: Operation = {
  signature: 'x, num=None, axis=0',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axis = toAxis(args.integer('axis', 0), shape.length);
    const count = args.has('num') ? args.integer('num') : shape[axis];
    if (count === null) throw new Error('how many tensors it gives is not known: num is missing.');
    const one = shape.filter((_, i) => i !== axis);
    return Array.from({length: count}, () => one);
  },
  compute: (args) => {
    const x = args.tensor('x');
    return tf.unstack(x, toAxis(args.integer('axis', 0), x.rank));
  },
};

/** One row a number: 1 at its place, or all 0 where it is out of range. */
const oneHot: Operation = {
  signature: 'x, num_classes, axis=-1, dtype=None, sparse=False',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axis = toAxis(args.integer('axis', -1), shape.length + 1);
    return [...shape.slice(0, axis), args.integer('num_classes'), ...shape.slice(axis)];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const axis = toAxis(args.integer('axis', -1), x.rank + 1);
    const dtype = kindOf(args.text('dtype', 'float32'));
    return withoutGradient([x], () => cast(oneHotOf(x, args.integer('num_classes'), axis), dtype));
  },
};

export function oneHotOf(x: tf.Tensor, classes: number, axis: number): tf.Tensor {
  const places = tf.expandDims(cast(x, 'int32'), axis);
  const shape = Array.from({length: x.rank + 1}, (_, i) => (i === axis ? classes : 1));
  return tf.equal(places, tf.reshape(tf.range(0, classes, 1, 'int32'), shape));
}

/** Which classes are named along the last axis. */
const multiHot: Operation = {
  signature: 'inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **others',
  shape: (args) => {
    const {shape} = args.tensor('inputs');
    const classes = args.integer('num_classes');
    const rest = shape.length === 2 || shape.length > 2 ? [shape[0], ...shape.slice(2)] : [];
    const axis = toAxis(args.integer('axis', -1), rest.length + 1);
    return [...rest.slice(0, axis), classes, ...rest.slice(axis)];
  },
  compute: (args) => {
    const x = args.tensor('inputs');
    const dtype = kindOf(args.text('dtype', 'float32'));
    const axis = toAxis(args.integer('axis', -1), x.rank + 1);
    return withoutGradient([x], () => {
      const each = tf.cast(oneHotOf(x, args.integer('num_classes'), axis), 'int32');
      return cast(tf.max(each, x.rank > 1 ? 1 : 0), dtype);
    });
  },
};

/** A tensor of zeros, with values added at places: indices [..., depth]. */
function scatter(indices: tf.Tensor, values: tf.Tensor, shape: number[]): tf.Tensor {
  const places = cast(indices, 'int32');
  return withGradient(
    [values, places],
    () => tf.scatterND(places, values, shape),
    (dy, _, [, at]) => [tf.gatherND(dy, at)],
  );
}

const scatterTo: Operation = {
  signature: 'indices, values, shape',
  shape: (args) => args.integers('shape'),
  compute: (args) => scatter(args.tensor('indices'), args.tensor('values'), args.integers('shape')),
};

const scatterUpdate: Operation = {
  signature: 'inputs, indices, updates, reduction=None',
  shape: (args) => {
    const reduction = args.get('reduction');
    if (reduction !== null && reduction !== 'add') {
      throw new Error(`tfjs cannot do its reduction ${printedValue(reduction)}.`);
    }
    return args.tensor('inputs').shape;
  },
  compute: (args) => {
    const [x, indices] = [args.tensor('inputs'), args.tensor('indices')];
    const updates = cast(args.tensor('updates'), kindOf(x.dtype));
    const added = scatter(indices, updates, x.shape);
    if (args.has('reduction')) return tf.add(x, added);
    const isNew = scatter(indices, tf.ones(updates.shape, 'int32'), x.shape);
    return select(isNew, added, x);
  },
};

const unravelIndex: Operation = {
  signature: 'indices, shape',
  shape: (args) => args.integers('shape').map(() => args.tensor('indices').shape),
  compute: (args) => {
    const sizes = args.integers('shape');
    const coordinates: tf.Tensor[] = [];
    let rest = cast(args.tensor('indices'), 'int32');
    for (const size of [...sizes].reverse()) {
      const n = tf.scalar(size, 'int32');
      const above = tf.floorDiv(rest, n);
      coordinates.unshift(tf.sub(rest, tf.mul(above, n)));
      rest = above;
    }
    return coordinates;
  },
};

/** Windows of a sequence, each a step after the last. */
const extractSequences: Operation = {
  signature: 'x, sequence_length, sequence_stride',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const length = args.integer('sequence_length');
    const total = shape.at(-1) ?? null;
    const count =
      total === null ? null : 1 + Math.floor((total - length) / args.integer('sequence_stride'));
    return [...shape.slice(0, -1), count, length];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const length = args.integer('sequence_length');
    const stride = args.integer('sequence_stride');
    const count = 1 + Math.floor(((x.shape.at(-1) as number) - length) / stride);
    const places = Array.from(
      {length: count * length},
      (_, i) => Math.floor(i / length) * stride + (i % length),
    );
    const windows = gather(x, tf.tensor1d(places, 'int32'), x.rank - 1);
    return tf.reshape(windows, [...x.shape.slice(0, -1), count, length]);
  },
};

export const indexing: Table = {
  ExtractSequences: extractSequences,
  GetItem: {
    signature: 'x, key',
    shape: (args) => itemShape(args.tensor('x').shape, args.get('key')),
    compute: (args) => getItem(args.tensor('x'), args.get('key')),
  },
  MultiHot: multiHot,
  OneHot: oneHot,
  Scatter: scatterTo,
  ScatterUpdate: scatterUpdate,
  Slice: slice,
  SliceUpdate: sliceUpdate,
  Take: take,
  TakeAlongAxis: takeAlong,
  UnravelIndex: unravelIndex,
  Unstack: unstack,
};
