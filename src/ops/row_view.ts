/**
 * From any axes to the rows and columns that a kernel sees, and back. Only this file moves axes.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface RowView {
  /** x as [..., cols], the normalised dimensions merged, in ascending order, into the last. */
  toRows(x: tf.Tensor): tf.Tensor;
  /** The way back: [..., cols] to the shape of x. */
  fromRows(rows: tf.Tensor): tf.Tensor;
}

const asItIs: RowView = {toRows: (x) => x, fromRows: (rows) => rows};

/**
 * @param shape Shape of x.
 * @param axes Non-negative, distinct, in any order. The order shapes gamma and beta, but does not
 *     transpose them: as in Keras they are read row-major over the axes in ascending order.
 */
export function rowView(shape: readonly number[], axes: readonly number[]): RowView {
  const last = shape.length - 1;
  // So it is in most calls; what follows takes as long as a kernel on a few rows.
  if (axes.length === 1 && axes[0] === last) return asItIs;
  const cols = axes.reduce((product, axis) => product * shape[axis], 1);
  const runs = mergeRuns(shape, axes);
  const perm = [...indicesOf(runs, false), ...indicesOf(runs, true)];
  const isTrailing = perm.every((source, i) => source === i);

  if (isTrailing) {
    if (shape[last] === cols && axes.includes(last)) return asItIs;
    const kept = shape.filter((_, i) => !axes.includes(i));
    return {
      toRows: (x) => tf.reshape(x, [...kept, cols]),
      fromRows: (rows) => tf.reshape(rows, [...shape]),
    };
  }

  const merged = runs.map((run) => run.size);
  const moved = perm.map((i) => merged[i]);
  const inverse = perm.map((_, i) => perm.indexOf(i));
  const kept = indicesOf(runs, false).map((i) => merged[i]);
  return {
    toRows: (x) => tf.reshape(tf.transpose(tf.reshape(x, merged), perm), [...kept, cols]),
    fromRows: (rows) => tf.reshape(tf.transpose(tf.reshape(rows, moved), inverse), [...shape]),
  };
}

/** Whether the normalised dimensions must be moved behind the others, by two transposes. */
export function movesAxes(shape: readonly number[], axes: readonly number[]): boolean {
  const runs = mergeRuns(shape, axes);
  const first = runs.findIndex(({normalized}) => normalized);
  return first !== -1 && first < runs.length - 1;
}

interface Run {
  size: number;
  normalized: boolean;
}

/**
 * Neighbouring dimensions of one kind as one, so that a transpose has few to move; those of size
 * 1 have nothing to move and are left out.
 */
function mergeRuns(shape: readonly number[], axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const normalized = axes.includes(i);
    const last = runs[runs.length - 1];
    if (last?.normalized === normalized) last.size *= size;
    else runs.push({size, normalized});
  });
  return runs;
}

function indicesOf(runs: Run[], normalized: boolean): number[] {
  return runs.flatMap((run, i) => (run.normalized === normalized ? [i] : []));
}
