/** Operations that make one tensor of several. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {cast, type Operation, promotedList, type Table} from './operation.js';
import {addSizes, known, sizeOfShape, toAxis, withSize} from './shapes.js';
import type {Arguments} from './values.js';

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

export function join(tensors: tf.Tensor[], axis: number): tf.Tensor {
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
const joined = (
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

const firstAxis = (_: Arguments, shapes: Shape[]) => (shapes[0].length === 1 ? 0 : 1);

const atLeast3d = (shape: Shape): Shape =>
  shape.length === 0
    ? [1, 1, 1]
    : shape.length === 1
      ? [1, ...shape, 1]
      : shape.length === 2
        ? [...shape, 1]
        : shape;

export const joining: Table = {
  Append: flatIfNoAxis,
  Concatenate: joined(
    'xs, axis=0',
    (shape) => shape,
    (args, shapes) => toAxis(args.integer('axis', 0), shapes[0].length),
  ),
  Dstack: joined('xs', atLeast3d, () => 2),
  Hstack: joined('xs', (shape) => (shape.length ? shape : [1]), firstAxis),
  Stack: stack,
  Vstack: joined(
    'xs',
    (shape) => shape,
    () => 0,
  ),
};
