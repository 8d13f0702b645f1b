/** What is said of a series of measurements. */

/** The value below which the share `q` (0 to 1) of the values lies, interpolated. */
export function quantile(values: number[], q: number): number {
  if (values.length === 0) throw new Error('There is no quantile of no values.');
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The value in the middle. */
export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The slope of log y over log x by least squares: 1 where y grows as x does, 2 as its square. */
export function logSlope(xs: number[], ys: number[]): number {
  const logX = xs.map(Math.log);
  const logY = ys.map(Math.log);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(logX);
  const meanY = mean(logY);
  const covariance = mean(logX.map((x, i) => (x - meanX) * (logY[i] - meanY)));
  return covariance / mean(logX.map((x) => (x - meanX) ** 2));
}
