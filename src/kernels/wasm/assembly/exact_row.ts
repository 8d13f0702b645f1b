/**
 * A row in float64, for the few rows that float32 cannot do: values whose sums or squares overflow
 * or vanish, a spread below the rounding of the mean, NaN and Infinity. Plain loops: such rows are
 * rare, and float64 needs neither a second mean nor a scale.
 */

/** μ = Σx / n, or 0 without centring. */
function exactMean(x: usize, bytes: usize, n: f64, center: bool): f64 {
  if (!center) return 0;
  let sum: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) sum += load<f32>(x + i);
  return sum / n;
}

/** r = 1 / √(σ² + ε), and 0 for a constant row without epsilon, whose x̂ is 0. */
function exactRstd(x: usize, bytes: usize, n: f64, mean: f64, epsilon: f64): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) {
    const d = <f64>load<f32>(x + i) - mean;
    sum += d * d;
  }
  const v = sum / n + epsilon;
  return v === 0 ? 0 : 1 / sqrt(v);
}

/** One row of `layerNorm`. */
export function exactLayerNormRow(
  x: usize, // [cols]
  gamma: usize, // [cols], or 0
  beta: usize, // [cols], or 0
  y: usize, // [cols]
  stats: usize, // [2]
  bytes: usize,
  epsilon: f64,
  center: bool,
): void {
  const n = <f64>(bytes >> 2);
  const mean = exactMean(x, bytes, n, center);
  const rstd = exactRstd(x, bytes, n, mean, epsilon);
  for (let i: usize = 0; i < bytes; i += 4) {
    let value = (<f64>load<f32>(x + i) - mean) * rstd;
    if (gamma) value *= load<f32>(gamma + i);
    if (beta) value += load<f32>(beta + i);
    store<f32>(y + i, <f32>value);
  }
  store<f32>(stats, <f32>mean);
  store<f32>(stats, <f32>rstd, 4);
}

/** One row of `layerNormGrad`; adds to dgamma and dbeta. */
export function exactLayerNormGradRow(
  dy: usize, // [cols]
  x: usize, // [cols]
  gamma: usize, // [cols], or 0
  dx: usize, // [cols]
  dgamma: usize, // [cols]
  dbeta: usize, // [cols]
  bytes: usize,
  epsilon: f64,
  center: bool,
): void {
  const n = <f64>(bytes >> 2);
  const mean = exactMean(x, bytes, n, center);
  const rstd = exactRstd(x, bytes, n, mean, epsilon);

  let sumG: f64 = 0;
  let sumGXhat: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) {
    const dyi = <f64>load<f32>(dy + i);
    const xhat = (<f64>load<f32>(x + i) - mean) * rstd;
    const g = gamma ? dyi * load<f32>(gamma + i) : dyi;
    sumG += g;
    sumGXhat += g * xhat;
    store<f32>(dgamma + i, <f32>(load<f32>(dgamma + i) + dyi * xhat));
    store<f32>(dbeta + i, <f32>(load<f32>(dbeta + i) + dyi));
  }

  const meanG = center ? sumG / n : 0;
  const meanGXhat = sumGXhat / n;
  for (let i: usize = 0; i < bytes; i += 4) {
    const dyi = <f64>load<f32>(dy + i);
    const xhat = (<f64>load<f32>(x + i) - mean) * rstd;
    const g = gamma ? dyi * load<f32>(gamma + i) : dyi;
    store<f32>(dx + i, <f32>(rstd * (g - meanG - xhat * meanGXhat)));
  }
}
