/**
 * Layer normalisation of the rows of a matrix in linear memory.
 *
 * Two passes over each row: sums of deviations, normalise. A row stays in the processor's cache
 * from the first pass to the second, so memory is read once and written once.
 *
 * The variance is the corrected sum of squares: with d = x − s for a number s near the mean,
 * mean = s + Σd/n and σ² = Σd²/n − (Σd/n)². Both are exact for any s; the variance has as many
 * digits as its two terms differ in. Here s is the mean of four of the row's numbers. Where that
 * turns out to be too far from the mean (one row of 20,000, if the numbers are normally
 * distributed), the sums are taken anew about the mean that they gave.
 *
 * Sums run in float32, four side by side, and are added up in float64 every `blockBytes`: no sum
 * is longer than 64 additions, however long the row.
 */
import {exactLayerNormRow} from './exact_row';
import {add, mul, splat, sub, sum} from './vector';

/** 1,024 numbers: 64 to each lane of four vectors. */
const blockBytes: usize = 4096;

/** Outside of these a float32 sum of squares may have overflowed, or lost digits below 1e-38. */
const smallestVariance: f64 = 1e-30;
const largestVariance: f64 = 1e30;

/** Σd and Σd² of the row last seen by `sumDeviations`: a function returns but one number. */
let sumD: f64 = 0;
let sumDD: f64 = 0;

/** The statistics of the row last seen by `measureRow`, kept here for the same reason. */
let rowM: f32 = 0;
let rowRstd: f32 = 0;

export function layerNorm(
  x: usize, // [rows, cols]
  gamma: usize, // [cols], or 0: none
  beta: usize, // [cols], or 0: none
  y: usize, // [rows, cols]; may be x
  stats: usize, // [rows, 2]
  rows: u32,
  cols: u32,
  epsilon: f64,
  center: bool,
): void {
  const bytes: usize = cols << 2;
  for (let row: u32 = 0; row < rows; row++) {
    const isDone = ASC_FEATURE_SIMD
      ? layerNormRow<v128>(x, gamma, beta, y, bytes, epsilon, center)
      : layerNormRow<f32>(x, gamma, beta, y, bytes, epsilon, center);
    if (isDone) {
      store<f32>(stats, rowM);
      store<f32>(stats, rowRstd, 4);
    } else {
      exactLayerNormRow(x, gamma, beta, y, stats, bytes, epsilon, center);
    }
    x += bytes;
    y += bytes;
    stats += 8;
  }
}

/** Adds two rows into `total`, and normalises that; it is then still in the nearest cache. */
export function addLayerNorm(
  x: usize, // [rows, cols]
  residual: usize, // [rows, cols]
  total: usize, // [rows, cols], x + residual; may be x or residual
  gamma: usize, // [cols], or 0: none
  beta: usize, // [cols], or 0: none
  y: usize, // [rows, cols]; may be x or residual, but not total
  stats: usize, // [rows, 2]
  rows: u32,
  cols: u32,
  epsilon: f64,
  center: bool,
): void {
  const bytes: usize = cols << 2;
  for (let row: u32 = 0; row < rows; row++) {
    const vectorBytes = bytes & ~15;
    if (ASC_FEATURE_SIMD) addRow<v128>(x, residual, total, 0, vectorBytes);
    addRow<f32>(x, residual, total, ASC_FEATURE_SIMD ? vectorBytes : 0, bytes);
    layerNorm(total, gamma, beta, y, stats, 1, cols, epsilon, center);
    x += bytes;
    residual += bytes;
    total += bytes;
    y += bytes;
    stats += 8;
  }
}

/** total = x + residual, from byte `i` to byte `end` of a row. */
function addRow<V>(x: usize, residual: usize, total: usize, i: usize, end: usize): void {
  for (; i < end; i += sizeof<V>()) {
    store<V>(total + i, add<V>(load<V>(x + i), load<V>(residual + i)));
  }
}

/** Normalises one row in float32. Where that is not enough it writes nothing, and returns false. */
function layerNormRow<V>(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  bytes: usize,
  epsilon: f64,
  center: bool,
): bool {
  if (!measureRow<V>(x, bytes, epsilon, center)) return false;
  const x0: f32 = center ? load<f32>(x) : 0;
  const vectorBytes = bytes & ~(sizeof<V>() - 1);
  normalize<V>(x, gamma, beta, y, 0, vectorBytes, x0, rowM, rowRstd);
  normalize<f32>(x, gamma, beta, y, vectorBytes, bytes, x0, rowM, rowRstd);
  return true;
}

/** Puts a row's statistics into `rowM` and `rowRstd`; returns false where float32 is not enough. */
function measureRow<V>(x: usize, bytes: usize, epsilon: f64, center: bool): bool {
  const n = <f64>(bytes >> 2);
  let s: f32 = center ? sampleMean(x, bytes) : 0;
  sumDeviations<V>(x, bytes, s);
  if (center && isFar(n)) {
    s += <f32>(sumD / n);
    sumDeviations<V>(x, bytes, s);
    if (isFar(n)) return false; // the spread of x is below the rounding of s
  }
  const shift = center ? sumD / n : 0;
  const v = sumDD / n - shift * shift + epsilon;
  // Negated, so that NaN fails the test too.
  if (!(v > smallestVariance && v < largestVariance)) return false;
  rowM = center ? <f32>(<f64>s - load<f32>(x) + shift) : 0;
  rowRstd = <f32>(1 / sqrt(v));
  return true;
}

/** The mean of four numbers spread over the row; a quarter of each, so that none overflows. */
function sampleMean(x: usize, bytes: usize): f32 {
  const quarter = (bytes >> 2) & ~3;
  return (
    0.25 * load<f32>(x) +
    0.25 * load<f32>(x + quarter) +
    (0.25 * load<f32>(x + 2 * quarter) + 0.25 * load<f32>(x + 3 * quarter))
  );
}

/** Whether the s of the last sums is further from the mean than twice the standard deviation. */
function isFar(n: f64): bool {
  const shift = sumD / n;
  return !(shift * shift <= 0.8 * (sumDD / n)); // shift² ≤ 4·(Σd²/n − shift²)
}

/** Σd and Σd² of d = x − s into `sumD` and `sumDD`. */
function sumDeviations<V>(x: usize, bytes: usize, s: f32): void {
  const step = sizeof<V>() * 4;
  const whole = bytes & ~(step - 1);
  const origin = splat<V>(s);
  let totalD: f64 = 0;
  let totalDD: f64 = 0;
  let i: usize = 0;
  while (i < whole) {
    const end = min(i + blockBytes, whole);
    let s0 = splat<V>(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let q0 = s0;
    let q1 = s0;
    let q2 = s0;
    let q3 = s0;
    for (; i < end; i += step) {
      const d0 = sub<V>(load<V>(x + i), origin);
      const d1 = sub<V>(load<V>(x + i, sizeof<V>()), origin);
      const d2 = sub<V>(load<V>(x + i, 2 * sizeof<V>()), origin);
      const d3 = sub<V>(load<V>(x + i, 3 * sizeof<V>()), origin);
      s0 = add<V>(s0, d0);
      s1 = add<V>(s1, d1);
      s2 = add<V>(s2, d2);
      s3 = add<V>(s3, d3);
      q0 = add<V>(q0, mul<V>(d0, d0));
      q1 = add<V>(q1, mul<V>(d1, d1));
      q2 = add<V>(q2, mul<V>(d2, d2));
      q3 = add<V>(q3, mul<V>(d3, d3));
    }
    totalD += sum<V>(add<V>(add<V>(s0, s1), add<V>(s2, s3)));
    totalDD += sum<V>(add<V>(add<V>(q0, q1), add<V>(q2, q3)));
  }
  for (; i < bytes; i += 4) {
    const d = load<f32>(x + i) - s;
    totalD += d;
    totalDD += d * d;
  }
  sumD = totalD;
  sumDD = totalDD;
}

/** y = γ·x̂ + β with x̂ = ((x − x₀) − m)·rstd, from byte `i` to byte `end` of a row. */
function normalize<V>(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  i: usize,
  end: usize,
  x0: f32,
  m: f32,
  rstd: f32,
): void {
  const x0s = splat<V>(x0);
  const ms = splat<V>(m);
  const rs = splat<V>(rstd);
  if (gamma && beta) {
    // The usual case, apart: tests within the loop cost a sixth of the time.
    for (; i < end; i += sizeof<V>()) {
      const xhat = mul<V>(sub<V>(sub<V>(load<V>(x + i), x0s), ms), rs);
      store<V>(y + i, add<V>(mul<V>(xhat, load<V>(gamma + i)), load<V>(beta + i)));
    }
    return;
  }
  for (; i < end; i += sizeof<V>()) {
    let value = mul<V>(sub<V>(sub<V>(load<V>(x + i), x0s), ms), rs);
    if (gamma) value = mul<V>(value, load<V>(gamma + i));
    if (beta) value = add<V>(value, load<V>(beta + i));
    store<V>(y + i, value);
  }
}
