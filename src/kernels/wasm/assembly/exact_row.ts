/**
 * A row in float64, for the few rows that float32 cannot do: values whose sums or squares overflow
 * or vanish, a spread below the rounding of the first mean, NaN and Infinity.
 *
 * Plain loops that make three passes forward and four backward: such rows are rare. The gradient
 * takes the row's statistics anew from x, because the saved ones are float32, which may have lost
 * digits of an rstd below 1e-38.
 */

/** x₀, or 0 without centring. */
function exactX0(x: usize, center: bool): f64 {
  return center ? <f64>load<f32>(x) : 0;
}

/** m = Σ(x − x₀) / n, or 0 without centring. */
function exactM(x: usize, bytes: usize, n: f64, center: bool): f64 {
  if (!center) return 0;
  const x0 = exactX0(x, center);
  let sum: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) sum += <f64>load<f32>(x + i) - x0;
  return sum / n;
}

/** r = 1 / √(σ² + ε), and 0 for a constant row without epsilon, whose x̂ is 0. */
function exactRstd(x: usize, bytes: usize, n: f64, x0: f64, m: f64, epsilon: f64): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) {
    const d = <f64>load<f32>(x + i) - x0 - m;
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
  const x0 = exactX0(x, center);
  const m = exactM(x, bytes, n, center);
  const rstd = exactRstd(x, bytes, n, x0, m, epsilon);
  for (let i: usize = 0; i < bytes; i += 4) {
    let value = (<f64>load<f32>(x + i) - x0 - m) * rstd;
    if (gamma) value *= load<f32>(gamma + i);
    if (beta) value += load<f32>(beta + i);
    store<f32>(y + i, <f32>value);
  }
  store<f32>(stats, <f32>m);
  store<f32>(stats, <f32>rstd, 4);
}

/** g = γ·dy at byte `i` of a row. */
function exactG(dy: usize, gamma: usize, i: usize): f64 {
  const value = <f64>load<f32>(dy + i);
  return gamma ? value * load<f32>(gamma + i) : value;
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
  const x0 = exactX0(x, center);
  const m = exactM(x, bytes, n, center);
  const rstd = exactRstd(x, bytes, n, x0, m, epsilon);

  const g0 = exactG(dy, gamma, 0);
  let sumG: f64 = 0; // of g − g₀
  let sumGXhat: f64 = 0;
  for (let i: usize = 0; i < bytes; i += 4) {
    const dyi = <f64>load<f32>(dy + i);
    const xhat = (<f64>load<f32>(x + i) - x0 - m) * rstd;
    const g = exactG(dy, gamma, i);
    sumG += g - g0;
    sumGXhat += g * xhat;
    store<f32>(dgamma + i, <f32>(load<f32>(dgamma + i) + dyi * xhat));
    store<f32>(dbeta + i, <f32>(load<f32>(dbeta + i) + dyi));
  }

  const meanG = center ? g0 + sumG / n : 0;
  const meanGXhat = sumGXhat / n;
  for (let i: usize = 0; i < bytes; i += 4) {
    const xhat = (<f64>load<f32>(x + i) - x0 - m) * rstd;
    const g = exactG(dy, gamma, i);
    store<f32>(dx + i, <f32>(rstd * (g - meanG - xhat * meanGXhat)));
  }
}
