/**
 * Compares numbers with a bar on the relative error. tfjs's own `expectArraysClose` allows 1e-3 by
 * default, whatever the size of the values, and takes NaN for infinity.
 */

type LeastScale = number | ArrayLike<number>;

interface Difference {
  /** Relative to the largest finite |expected| of the row; absolute where the row is all 0. */
  error: number;
  index: number;
}

/**
 * The largest error of `actual`, relative to the largest finite |expected| in the same row.
 *
 * @param cols the length of a row; without it, all the values are one row.
 * @param leastScale a row's errors are relative to no less than this; or a list, with a number for
 *   each row.
 * @returns the error; it is absolute in rows that are all 0. `Infinity` where the lengths differ,
 *   or where NaN, Infinity or -Infinity is met by anything but itself.
 */
export function maxError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  cols: number = expected.length,
  leastScale: LeastScale = 0,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return largestDifference(actual, expected, cols, leastScale).error;
}

/**
 * Throws unless `maxError(actual, expected, cols, leastScale)` is at most `tolerance`.
 *
 * @throws an error that names the index, both values, the error and the tolerance.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  cols: number = expected.length,
  leastScale: LeastScale = 0,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${expected.length} values were expected, there are ${actual.length}.`);
  }
  const {error, index} = largestDifference(actual, expected, cols, leastScale);
  if (error <= tolerance) return;
  const place = cols === expected.length ? '' : ` (row ${Math.floor(index / cols)})`;
  throw new Error(
    `At index ${index}${place}: ${actual[index]} is there, ${expected[index]} was expected; ` +
      `relative to the row's largest value the error is ${error}, at most ${tolerance} is allowed.`,
  );
}

function largestDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  cols: number,
  leastScale: LeastScale,
): Difference {
  const largest: Difference = {error: 0, index: 0};
  for (let start = 0; start < expected.length; start += cols) {
    const end = Math.min(start + cols, expected.length);
    const least = typeof leastScale === 'number' ? leastScale : leastScale[start / cols];
    const scale = Math.max(largestFiniteMagnitude(expected, start, end), least) || 1;
    for (let index = start; index < end; index++) {
      const error = difference(actual[index], expected[index], scale);
      if (error > largest.error) Object.assign(largest, {error, index});
    }
  }
  return largest;
}

function largestFiniteMagnitude(values: ArrayLike<number>, start: number, end: number): number {
  let largest = 0;
  for (let index = start; index < end; index++) {
    if (Number.isFinite(values[index])) largest = Math.max(largest, Math.abs(values[index]));
  }
  return largest;
}

function difference(actual: number, expected: number, scale: number): number {
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Number.POSITIVE_INFINITY;
  // Each is scaled on its own: the difference of two huge values could overflow.
  return Math.abs(actual / scale - expected / scale);
}
