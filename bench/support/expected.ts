/** What a contender should give, by the float64 reference. */
import {backward, forward} from '../../src/reference.js';
import type {Data, Kind} from '../types.js';

/** The expected outputs: [y], or [dx, dgamma, dbeta], or [y, sum]. */
export function expectedOutputs(
  {x, gamma, beta, dy}: Data,
  {cols, epsilon, kind}: {cols: number; epsilon: number; kind: Kind},
): Float64Array[] {
  const options = {cols, gamma, beta, epsilon, center: true};
  if (kind === 'forward') return [forward(x, options).y];
  if (kind === 'sum') {
    const sum = Float64Array.from(x, (value, i) => Math.fround(value + dy[i]));
    return [forward(sum, options).y, sum];
  }
  const {dx, dgamma, dbeta} = backward(dy, x, options);
  return [dx, dgamma, dbeta];
}

/**
 * The sizes of the terms that the gradients are sums or differences of, for rows so short that the
 * result is often small beside them: nothing that is computed in float32 can then be exact beside
 * the result. For dx of each row it is r·max|g|, but not of a row of one column, whose dx is to be
 * exactly 0; for dγ and dβ it is the largest number that is summed.
 *
 * @returns for each of the outputs of `expectedOutputs` a size for each row; empty where the rows are
 *     longer than three columns, or there is no gradient
 */
export function termSizes(
  {x, gamma, dy}: Data,
  {cols, epsilon, kind}: {cols: number; epsilon: number; kind: Kind},
): (ArrayLike<number> | undefined)[] {
  if (kind !== 'backward' || cols > 3) return [];
  const {y: xhat, rstd} = forward(x, {cols, epsilon, center: true});
  const dxSizes = rstd.map((r, row) => {
    const g = dy.slice(row * cols, (row + 1) * cols).map((value, c) => value * gamma[c]);
    return r * largest(g);
  });
  const dgammaTerms = xhat.map((value, i) => value * dy[i]);
  return [cols > 1 ? dxSizes : undefined, [largest(dgammaTerms)], [largest(dy)]];
}

function largest(values: Float32Array | Float64Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}
