/**
 * What the op must give for any shape and axes: the float64 reference on each row, gathered and
 * put back by index, without a transpose or a reshape in sight.
 */
import * as reference from '../../src/reference.js';

export interface ExpectedOptions {
  shape: readonly number[];
  axes: readonly number[];
  gamma?: ArrayLike<number>;
  beta?: ArrayLike<number>;
  epsilon: number;
  center: boolean;
}

export function expectedForward(x: ArrayLike<number>, options: ExpectedOptions): Float64Array {
  const {gather, scatter, rowOptions} = rowsOf(options);
  return scatter(reference.forward(gather(x), rowOptions).y);
}

export function expectedBackward(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  options: ExpectedOptions,
): {
  dx: Float64Array;
  dxScale: Float64Array;
  dgamma: Float64Array;
  dbeta: Float64Array;
} {
  const {gather, scatter, rowOptions} = rowsOf(options);
  const {dx, dgamma, dbeta} = reference.backward(gather(dy), gather(x), rowOptions);
  return {
    dx: scatter(dx),
    dxScale: scatter(scales(gather(dy), gather(x), rowOptions)),
    dgamma,
    dbeta,
  };
}

/**
 * For each element rstd·max|g| of its row, the size of the terms of which dx is the difference: an
 * error is small beside these, though it may be large beside a dx that is nearly 0.
 */
function scales(
  dy: Float64Array,
  x: Float64Array,
  options: reference.ReferenceOptions,
): Float64Array {
  const {cols, gamma} = options;
  const {rstd} = reference.forward(x, options);
  return Float64Array.from(dy, (_, i) => {
    const row = Math.floor(i / cols);
    const g = dy.slice(row * cols, (row + 1) * cols).map((v, c) => v * (gamma ? gamma[c] : 1));
    return rstd[row] * Math.max(...g.map(Math.abs));
  });
}

function rowsOf(options: ExpectedOptions) {
  const indices = rowIndices(options.shape, options.axes);
  const flat = indices.flat();
  return {
    gather: (values: ArrayLike<number>) => Float64Array.from(flat, (index) => values[index]),
    scatter: (rows: Float64Array) => {
      const values = new Float64Array(rows.length);
      flat.forEach((index, i) => {
        values[index] = rows[i];
      });
      return values;
    },
    rowOptions: {...options, cols: indices[0].length},
  };
}

/** For each row the flat indices of its elements, row-major over the axes in ascending order. */
export function rowIndices(shape: readonly number[], axes: readonly number[]): number[][] {
  const rows = new Map<string, number[]>();
  const size = shape.reduce((product, n) => product * n, 1);
  for (let index = 0; index < size; index++) {
    const kept = coordinates(index, shape).filter((_, dim) => !axes.includes(dim));
    const key = kept.join();
    rows.set(key, [...(rows.get(key) ?? []), index]);
  }
  return [...rows.values()];
}

function coordinates(index: number, shape: readonly number[]): number[] {
  const result: number[] = [];
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    result.unshift(index % shape[dim]);
    index = Math.floor(index / shape[dim]);
  }
  return result;
}
