/** Operations that make several tensors of one. */
import * as tf from '@tensorflow/tfjs-core';
import type {Operation, Table} from './operation.js';
import {known, toAxis, withSize} from './shapes.js';
import type {Arguments} from './values.js';

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

const split = (
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

export const splitting: Table = {
  ArraySplit: split('x, indices_or_sections, axis=0', uneven, byAxis),
  Dsplit: split('x, indices_or_sections', even, () => 2),
  Hsplit: split('x, indices_or_sections', even, (_, rank) => (rank === 1 ? 0 : 1)),
  Split: split('x, indices_or_sections, axis=0', even, byAxis),
  Vsplit: split('x, indices_or_sections', even, () => 0),
};
