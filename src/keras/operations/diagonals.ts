/** Operations on the diagonals of matrices, and on what lies above or below them. */
import * as tf from '@tensorflow/tfjs-core';
import {equal, greaterEqual, lessEqual} from './conditions.js';
import {getItem} from './indexing.js';
import {type Operation, select, type Table, throughInt} from './operation.js';
import {transposed} from './reordering.js';
import {sizeOfShape, toAxis} from './shapes.js';
import {ALL, type Arguments, kindOf, Slice} from './values.js';

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

export const diagonals: Table = {
  Diag: diag(false),
  Diagflat: diag(true),
  Diagonal: diagonal,
  Trace: trace,
  Tril: triangle(greaterEqual),
  Triu: triangle(lessEqual),
};
