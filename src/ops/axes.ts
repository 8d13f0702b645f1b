/**
 * The checks of axis and epsilon. `where` opens each error: the op's name, or the layer's.
 */

/**
 * The axes as given, a list copied so that the caller's array is never changed.
 *
 * @throws Error It is neither an integer nor a non-empty array of integers.
 */
export function checkAxis(
  where: string,
  axis: number | readonly number[],
): number | readonly number[] {
  if (Number.isInteger(axis)) return axis;
  if (Array.isArray(axis) && axis.length > 0 && axis.every(Number.isInteger)) return [...axis];
  throw new Error(
    `${where}: axis must be an integer or a non-empty array of integers, but is ${JSON.stringify(axis)}.`,
  );
}

/**
 * The axes as non-negative integers in the order given, in a new array.
 *
 * @throws Error An axis is not an integer, out of bounds for the rank, or given twice; or none is.
 */
export function resolveAxes(
  where: string,
  axis: number | readonly number[],
  rank: number,
): number[] {
  const checked = checkAxis(where, axis);
  const given = typeof checked === 'number' ? [checked] : checked;
  if (rank === 0)
    throw new Error(`${where}: the input must have at least one dimension, but is a scalar.`);
  const axes = given.map((a) => (a < 0 ? a + rank : a));
  axes.forEach((a, i) => {
    if (a < 0 || a >= rank) {
      throw new Error(
        `${where}: axis ${given[i]} is out of bounds: for rank ${rank} it must be in [${-rank}, ${rank - 1}].`,
      );
    }
    if (axes.indexOf(a) !== i) {
      throw new Error(
        `${where}: axis ${JSON.stringify(given)} names dimension ${a} twice (rank ${rank}).`,
      );
    }
  });
  return axes;
}

/** The epsilon as given. @throws Error It is not a finite number ≥ 0. */
export function checkEpsilon(where: string, epsilon: number): number {
  if (Number.isFinite(epsilon) && epsilon >= 0) return epsilon;
  throw new Error(`${where}: epsilon must be a finite number ≥ 0, but is ${epsilon}.`);
}
