/** (f(a + h) − f(a − h)) / 2h for each element, f to a number; h suits float64. */
export function finiteDifferences(
  f: (a: Float64Array) => number,
  a: ArrayLike<number>,
): Float64Array {
  const h = 1e-5;
  return Float64Array.from(a, (_, i) => {
    const at = (step: number) => {
      const moved = Float64Array.from(a);
      moved[i] += step;
      return f(moved);
    };
    return (at(h) - at(-h)) / (2 * h);
  });
}
