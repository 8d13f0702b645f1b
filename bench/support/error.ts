/** How far results are from what was expected. */

/**
 * For each output the largest error of all its rows: the largest difference from the expected row,
 * relative to the largest expected magnitude in it (dγ and dβ are one row), absolute where that is 0.
 *
 * @param cols the length of a row
 * @param termSizes for each output, where given: for each row a magnitude that its errors are
 *     relative to instead, where that is larger
 * @returns NaN where an output has a NaN, Infinity where it has one
 */
export function errorsOf(
  outputs: ArrayLike<number>[],
  expected: ArrayLike<number>[],
  cols: number,
  termSizes: (ArrayLike<number> | undefined)[] = [],
): number[] {
  return expected.map((values, i) => {
    if (outputs[i].length !== values.length) {
      throw new Error(`Output ${i} has ${outputs[i].length} numbers, not ${values.length}.`);
    }
    let largest = 0;
    for (let start = 0; start < values.length; start += cols) {
      const termSize = termSizes[i]?.[start / cols] ?? 0;
      largest = Math.max(largest, rowError(outputs[i], values, start, start + cols, termSize));
    }
    return largest;
  });
}

function rowError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  start: number,
  end: number,
  termSize: number,
): number {
  let magnitude = termSize;
  let error = 0;
  for (let i = start; i < end; i++) {
    magnitude = Math.max(magnitude, Math.abs(expected[i]));
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
  }
  return magnitude === 0 ? error : error / magnitude;
}
