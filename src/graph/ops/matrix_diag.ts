/**
 * MatrixDiag, MatrixSetDiag and MatrixDiagPart in their versions, which tfjs lacks: diagonals put into
 * matrices, and taken from them.
 *
 * Several diagonals, from k[0] to k[1], are rows of one tensor, the uppermost first, each as long as
 * the longest; `align` says at which end a shorter one stands. The formulas are those of TensorFlow's
 * documentation of these ops.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import {type Op, scalarOf, sizeOf} from './op.js';
import {where} from './select.js';

/** Inputs: the diagonals; then, unless version 1, k, the numbers of rows and columns, the padding. */
export const matrixDiag: Op = ({inputs: [diagonal, k, rows, cols, padding], attrs}) => {
  const [lower, upper] = rangeOf(k);
  const length = diagonal.shape[diagonal.rank - 1];
  const least = [length - Math.min(upper, 0), length + Math.max(lower, 0)];
  const asked = [rows, cols].map((size) => (size ? scalarOf(size) : -1));
  const square = Math.max(...least);
  const [numRows, numCols] = asked.every((size) => size === -1)
    ? [square, square]
    : asked.map((size, i) => (size === -1 ? least[i] : size));
  const band = new Band(numRows, numCols, lower, upper, length, alignOf(attrs.align));
  const outside = padding ?? tf.scalar(0, diagonal.dtype as 'float32');
  return band.write(diagonal, outside);
};

/** Inputs: matrices, the diagonals; unless version 1, k. */
export const matrixSetDiag: Op = ({inputs: [x, diagonal, k], attrs}) => {
  const [rows, cols] = x.shape.slice(-2);
  const length = diagonal.shape[diagonal.rank - 1];
  return new Band(rows, cols, ...rangeOf(k), length, alignOf(attrs.align)).write(diagonal, x);
};

/** Inputs: matrices; unless version 1, k and the padding. */
export const matrixDiagPart: Op = ({inputs: [x, k, padding], attrs}) => {
  const [rows, cols] = x.shape.slice(-2);
  const [lower, upper] = rangeOf(k);
  const length = longest(rows, cols, lower, upper);
  const outside = padding ?? tf.scalar(0, x.dtype as 'float32');
  return new Band(rows, cols, lower, upper, length, alignOf(attrs.align)).read(x, outside);
};

function rangeOf(k: tf.Tensor | undefined): [number, number] {
  if (!k) return [0, 0];
  const [lower, upper = lower] = Array.from(k.dataSync());
  return [lower, upper];
}

interface Align {
  upperLeft: boolean;
  lowerLeft: boolean;
}

/** An op of version 2 has no such attribute, and its diagonals all begin at the left. */
function alignOf(align: unknown): Align {
  const [upper, lower] = String(align ?? 'left_left').split('_');
  return {upperLeft: upper === 'left', lowerLeft: lower === 'left'};
}

/** The number of elements of diagonal d in a matrix. */
function lengthOf(rows: number, cols: number, d: number): number {
  return Math.min(rows + Math.min(d, 0), cols - Math.max(d, 0));
}

function longest(rows: number, cols: number, lower: number, upper: number): number {
  return Math.min(rows + Math.min(upper, 0), cols - Math.max(lower, 0));
}

/** Which element of the diagonals is which of the matrix. */
class Band {
  constructor(
    private readonly rows: number,
    private readonly cols: number,
    private readonly lower: number,
    private readonly upper: number,
    private readonly length: number,
    private readonly align: Align,
  ) {}

  /** Matrices of the diagonals, with `outside` elsewhere. */
  write(diagonal: tf.Tensor, outside: tf.Tensor): tf.Tensor {
    const {rows, cols, lower, upper} = this;
    const from = new Int32Array(rows * cols);
    const inside = new Uint8Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        const d = j - i;
        if (d < lower || d > upper) continue;
        from[i * cols + j] = this.place(d, Math.min(i, j));
        inside[i * cols + j] = 1;
      }
    }
    const batch = diagonal.shape.slice(0, lower === upper ? -1 : -2);
    const shape = [...batch, rows, cols];
    const written = take(diagonal, from, batch, shape);
    return where(tf.tensor(inside, [rows, cols], 'bool'), written, tf.broadcastTo(outside, shape));
  }

  /** The diagonals of matrices, with `outside` where one is shorter than the longest. */
  read(x: tf.Tensor, outside: tf.Tensor): tf.Tensor {
    const {rows, cols, lower, upper, length} = this;
    const count = upper - lower + 1;
    const from = new Int32Array(count * length);
    const inside = new Uint8Array(count * length);
    for (let d = lower; d <= upper; d++) {
      for (let at = 0; at < lengthOf(rows, cols, d); at++) {
        const place = this.place(d, at);
        from[place] = (at - Math.min(d, 0)) * cols + at + Math.max(d, 0);
        inside[place] = 1;
      }
    }
    const batch = x.shape.slice(0, -2);
    const own = count === 1 ? [length] : [count, length];
    const shape = [...batch, ...own];
    const read = take(x, from, batch, shape);
    return where(tf.tensor(inside, own, 'bool'), read, tf.broadcastTo(outside, shape));
  }

  /** The place of element `at` of diagonal d among the diagonals. */
  private place(d: number, at: number): number {
    const {upperLeft, lowerLeft} = this.align;
    const isLeft = d > 0 ? upperLeft : lowerLeft; // The main diagonal is the longest.
    const offset = isLeft ? 0 : this.length - lengthOf(this.rows, this.cols, d);
    return (this.upper - d) * this.length + offset + at;
  }
}

/** Elements of each item of a batch, by their index in it. */
function take(x: tf.Tensor, from: Int32Array, batch: number[], shape: number[]): tf.Tensor {
  const flat = tf.reshape(x, [sizeOf(batch), -1]);
  return tf.reshape(tf.gather(flat, tf.tensor1d(from, 'int32'), 1), shape);
}

/** Version 3 has an attribute `align`, whose default is another. */
export function prepareAlign(node: NodeDef): NodeDef {
  const align = node.attr?.align ?? {s: btoa('RIGHT_LEFT')};
  return {...node, attr: {...node.attr, align}};
}
