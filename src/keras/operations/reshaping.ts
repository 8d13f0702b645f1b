/** Operations that give the same entries another shape. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {broadcastTo} from './gradients.js';
import {type Operation, type Table, throughInt} from './operation.js';
import {axesOf, broadcastShapes, known, reshapedShape, sizeOfShape} from './shapes.js';
import {type Arguments, Constant, isList, isTensor, printedValue} from './values.js';

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

const ndim: Operation = {
  signature: 'x',
  shape: () => [],
  compute: (args) => tf.scalar(args.tensor('x').rank, 'int32'),
};

export const reshaping: Table = {
  BroadcastTo: broadcasting,
  ExpandDims: expandDims,
  Ndim: ndim,
  Ravel: ravel,
  Reshape: reshape,
  Squeeze: squeeze,
};
