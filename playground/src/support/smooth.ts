/** A running mean that follows the last ten values or so, without a start that lags. */
export function smooth(values: number[], keep = 0.9): number[] {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return sum / weight;
  });
}
