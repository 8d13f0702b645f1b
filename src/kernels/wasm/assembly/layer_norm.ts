/**
 * Layer normalisation of the rows of a matrix in linear memory.
 *
 * Two passes over each row: sums of deviations, normalise. A few rows are measured before the first of
 * them is normalised; they stay in the processor's cache from the first pass to the second, so memory is
 * read once and written once.
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

/**
 * Bytes of the rows that are measured before the first of them is normalised. A row's statistics end in
 * a root and a quotient, which take as long as adding up 150 numbers: the processor computes them while it
 * adds up the next row.
 */
const groupBytes: u32 = 8192;

/** How many rows of `cols` numbers are measured at a time. */
function rowsInGroup(cols: u32): u32 {
  return max(1, groupBytes / (cols << 2));
}

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
  while (rows) {
    const count = min(rows, rowsInGroup(cols));
    for (let i: usize = 0; i < count; i++) {
      if (ASC_FEATURE_SIMD) measureRow<v128>(x + i * bytes, stats + i * 8, bytes, epsilon, center);
      else measureRow<f32>(x + i * bytes, stats + i * 8, bytes, epsilon, center);
    }
    for (let i: usize = 0; i < count; i++) {
      layerNormRow(x, gamma, beta, y, stats, bytes, epsilon, center);
      x += bytes;
      y += bytes;
      stats += 8;
    }
    rows -= count;
  }
}

/** Adds a few rows into `total`, and normalises those; they are then still in the nearest cache. */
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
  while (rows) {
    const count = min(rows, rowsInGroup(cols));
    const bytes: usize = (count * cols) << 2;
    const vectorBytes = ASC_FEATURE_SIMD ? bytes & ~15 : 0;
    if (ASC_FEATURE_SIMD) addNumbers<v128>(x, residual, total, 0, vectorBytes);
    addNumbers<f32>(x, residual, total, vectorBytes, bytes);
    layerNorm(total, gamma, beta, y, stats, count, cols, epsilon, center);
    x += bytes;
    residual += bytes;
    total += bytes;
    y += bytes;
    stats += count * 8;
    rows -= count;
  }
}

/** total = x + residual, from byte `i` to byte `end`. */
function addNumbers<V>(x: usize, residual: usize, total: usize, i: usize, end: usize): void {
  for (; i < end; i += sizeof<V>()) {
    store<V>(total + i, add<V>(load<V>(x + i), load<V>(residual + i)));
  }
}

/** Normalises one row that was measured. */
function layerNormRow(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  stats: usize,
  bytes: usize,
  epsilon: f64,
  center: bool,
): void {
  const x0: f32 = center ? load<f32>(x) : 0;
  const m = load<f32>(stats);
  const rstd = load<f32>(stats, 4);
  if (rstd < 0) {
    exactLayerNormRow(x, gamma, beta, y, stats, bytes, epsilon, center);
    return;
  }
  const vectorBytes = ASC_FEATURE_SIMD ? bytes & ~15 : 0;
  if (ASC_FEATURE_SIMD) normalize<v128>(x, gamma, beta, y, 0, vectorBytes, x0, m, rstd);
  normalize<f32>(x, gamma, beta, y, vectorBytes, bytes, x0, m, rstd);
}

/** Puts a row's m and rstd into `stats`, [2]; where float32 is not enough, rstd is -1. */
function measureRow<V>(x: usize, stats: usize, bytes: usize, epsilon: f64, center: bool): void {
  const perCol = 1 / <f64>(bytes >> 2);
  let s: f32 = center ? sampleMean(x, bytes) : 0;
  sumDeviations<V>(x, bytes, s);
  let shift = center ? sumD * perCol : 0;
  if (isFar(shift, sumDD * perCol)) {
    s += <f32>shift;
    sumDeviations<V>(x, bytes, s);
    shift = sumD * perCol;
  }
  let rstd: f32 = -1;
  // Where s is far also the second time, the spread of x is below the rounding of s.
  if (!isFar(shift, sumDD * perCol)) {
    const v = sumDD * perCol - shift * shift + epsilon;
    if (v > smallestVariance && v < largestVariance) rstd = <f32>(1 / sqrt(v));
  }
  store<f32>(stats, center ? <f32>(<f64>s - load<f32>(x) + shift) : 0);
  store<f32>(stats, rstd, 4);
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

/**
 * Whether an s is further from the mean than twice the standard deviation, where the deviations from it
 * have the mean `shift` and their squares the mean `square`. NaN is far from everything.
 */
function isFar(shift: f64, square: f64): bool {
  return !(shift * shift <= 0.8 * square); // shift² ≤ 4·(square − shift²)
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
  const isRest = ASC_FEATURE_SIMD && !isVector<V>(); // the last few columns
  if (gamma && beta && !isRest) {
    // The usual case, apart and four at a time: tests within the loop cost a sixth of the time, and the
    // loop's own count a tenth.
    const step = sizeof<V>() * 4;
    for (; i + step <= end; i += step) {
      const xhat0 = mul<V>(sub<V>(sub<V>(load<V>(x + i), x0s), ms), rs);
      const xhat1 = mul<V>(sub<V>(sub<V>(load<V>(x + i, sizeof<V>()), x0s), ms), rs);
      const xhat2 = mul<V>(sub<V>(sub<V>(load<V>(x + i, 2 * sizeof<V>()), x0s), ms), rs);
      const xhat3 = mul<V>(sub<V>(sub<V>(load<V>(x + i, 3 * sizeof<V>()), x0s), ms), rs);
      const scaled0 = mul<V>(xhat0, load<V>(gamma + i));
      const scaled1 = mul<V>(xhat1, load<V>(gamma + i, sizeof<V>()));
      const scaled2 = mul<V>(xhat2, load<V>(gamma + i, 2 * sizeof<V>()));
      const scaled3 = mul<V>(xhat3, load<V>(gamma + i, 3 * sizeof<V>()));
      store<V>(y + i, add<V>(scaled0, load<V>(beta + i)));
      store<V>(y + i, add<V>(scaled1, load<V>(beta + i, sizeof<V>())), sizeof<V>());
      store<V>(y + i, add<V>(scaled2, load<V>(beta + i, 2 * sizeof<V>())), 2 * sizeof<V>());
      store<V>(y + i, add<V>(scaled3, load<V>(beta + i, 3 * sizeof<V>())), 3 * sizeof<V>());
    }
  }
  for (; i < end; i += sizeof<V>()) {
    let value = mul<V>(sub<V>(sub<V>(load<V>(x + i), x0s), ms), rs);
    if (gamma) value = mul<V>(value, load<V>(gamma + i));
    if (beta) value = add<V>(value, load<V>(beta + i));
    store<V>(y + i, value);
  }
}
