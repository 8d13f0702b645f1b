/**
 * The gradient of layer normalisation over the rows of a matrix in linear memory. The derivation
 * is in `reference.ts`, whose names are used here.
 *
 * Two passes over each row of x and dy, which stay in the processor's cache: the row's sums, then
 * dx together with the row's part of dγ and dβ.
 *
 * dγ and dβ are sums over the rows, taken in the same order every time: `blockRows` rows are added up
 * in float32, and those sums in float64, so that the error does not grow with the rows.
 */
import {exactLayerNormGradRow} from './exact_row';
import {add, mul, splat, sub, sum} from './vector';

const blockRows: u32 = 64;

/** 512 numbers: 64 to each lane of two vectors. */
const blockBytes: usize = 2048;

/** Beyond these bounds x̂ and dx are left to float64: x may have digits below 1e-38, or overflow. */
const smallestRstd: f32 = 1e-15;
const largestRstd: f32 = 1e15;

/** Σ(g − g₀) and Σg·x̂ of the row last seen by `sumRow`, kept here as a function returns one number. */
let sumG: f64 = 0;
let sumGXhat: f64 = 0;

/** Adds the rows' parts of dγ and dβ to `dgammaSum` and `dbetaSum`. */
export function layerNormGrad(
  dy: usize, // [rows, cols]
  x: usize, // [rows, cols]
  stats: usize, // [rows, 2]
  gamma: usize, // [cols], or 0: none
  dx: usize, // [rows, cols]; may be dy
  dgamma: usize, // [cols], scratch: the sums of a block of rows
  dbeta: usize, // [cols], likewise
  dgammaSum: usize, // [cols], float64
  dbetaSum: usize, // [cols], float64
  rows: u32,
  cols: u32,
  epsilon: f64,
  center: bool,
): void {
  const bytes: usize = cols << 2;
  let rowsInBlock: u32 = 0;
  clear(dgamma, bytes);
  clear(dbeta, bytes);
  for (let row: u32 = 0; row < rows; row++) {
    const done = ASC_FEATURE_SIMD
      ? layerNormGradRow<v128>(dy, x, stats, gamma, dx, dgamma, dbeta, bytes, center)
      : layerNormGradRow<f32>(dy, x, stats, gamma, dx, dgamma, dbeta, bytes, center);
    if (!done) exactLayerNormGradRow(dy, x, gamma, dx, dgamma, dbeta, bytes, epsilon, center);
    dy += bytes;
    x += bytes;
    dx += bytes;
    stats += 8;
    if (++rowsInBlock === blockRows || row + 1 === rows) {
      moveToSum(dgamma, dgammaSum, bytes);
      moveToSum(dbeta, dbetaSum, bytes);
      rowsInBlock = 0;
    }
  }
}

/** Computes one row in float32. Where that is not enough it writes nothing, and returns false. */
function layerNormGradRow<V>(
  dy: usize,
  x: usize,
  stats: usize,
  gamma: usize,
  dx: usize,
  dgamma: usize,
  dbeta: usize,
  bytes: usize,
  center: bool,
): bool {
  const x0: f32 = center ? load<f32>(x) : 0;
  const m = load<f32>(stats);
  const rstd = load<f32>(stats, 4);
  // Negated, so that NaN fails the test too; likewise below.
  if (!(rstd > smallestRstd && rstd < largestRstd)) return false;

  const g0 = gamma ? load<f32>(dy) * load<f32>(gamma) : load<f32>(dy);
  sumRow<V>(dy, x, gamma, bytes, x0, m, rstd, g0);
  const n = <f64>(bytes >> 2);
  const meanG = center ? g0 + sumG / n : 0;
  const meanGXhat = sumGXhat / n;
  if (!(abs(meanG) < Infinity && abs(meanGXhat) < Infinity)) return false;

  const vectorBytes = bytes & ~(sizeof<V>() - 1);
  gradient<V>(
    dy,
    x,
    gamma,
    dx,
    dgamma,
    dbeta,
    0,
    vectorBytes,
    x0,
    m,
    rstd,
    <f32>meanG,
    <f32>meanGXhat,
  );
  gradient<f32>(
    dy,
    x,
    gamma,
    dx,
    dgamma,
    dbeta,
    vectorBytes,
    bytes,
    x0,
    m,
    rstd,
    <f32>meanG,
    <f32>meanGXhat,
  );
  return true;
}

/**
 * Σ(g − g₀) and Σg·x̂ into `sumG` and `sumGXhat`. The mean of g is taken about the row's first g, so
 * that it is exactly that number where all of them are: a row of one column gets a dx of exactly 0.
 */
function sumRow<V>(
  dy: usize,
  x: usize,
  gamma: usize,
  bytes: usize,
  x0: f32,
  m: f32,
  rstd: f32,
  g0: f32,
): void {
  const step = sizeof<V>() * 2;
  const whole = bytes & ~(step - 1);
  const x0s = splat<V>(x0);
  const ms = splat<V>(m);
  const rs = splat<V>(rstd);
  const g0s = splat<V>(g0);
  let totalG: f64 = 0;
  let totalGXhat: f64 = 0;
  let i: usize = 0;
  while (i < whole) {
    const end = min(i + blockBytes, whole);
    let s0 = splat<V>(0); // sums of g − g₀
    let s1 = s0;
    let p0 = s0; // sums of g·x̂
    let p1 = s0;
    for (; i < end; i += step) {
      const xhat0 = mul<V>(sub<V>(sub<V>(load<V>(x + i), x0s), ms), rs);
      const xhat1 = mul<V>(sub<V>(sub<V>(load<V>(x + i, sizeof<V>()), x0s), ms), rs);
      let gi0 = load<V>(dy + i);
      let gi1 = load<V>(dy + i, sizeof<V>());
      if (gamma) {
        gi0 = mul<V>(gi0, load<V>(gamma + i));
        gi1 = mul<V>(gi1, load<V>(gamma + i, sizeof<V>()));
      }
      s0 = add<V>(s0, sub<V>(gi0, g0s));
      s1 = add<V>(s1, sub<V>(gi1, g0s));
      p0 = add<V>(p0, mul<V>(gi0, xhat0));
      p1 = add<V>(p1, mul<V>(gi1, xhat1));
    }
    totalG += sum<V>(add<V>(s0, s1));
    totalGXhat += sum<V>(add<V>(p0, p1));
  }
  for (; i < bytes; i += 4) {
    const xhat = (load<f32>(x + i) - x0 - m) * rstd;
    let g = load<f32>(dy + i);
    if (gamma) g *= load<f32>(gamma + i);
    totalG += g - g0;
    totalGXhat += g * xhat;
  }
  sumG = totalG;
  sumGXhat = totalGXhat;
}

/** dx, and the row's part of dγ and dβ, from byte `i` to byte `end` of a row. */
function gradient<V>(
  dy: usize,
  x: usize,
  gamma: usize,
  dx: usize,
  dgamma: usize,
  dbeta: usize,
  i: usize,
  end: usize,
  x0: f32,
  m: f32,
  rstd: f32,
  meanG: f32,
  meanGXhat: f32,
): void {
  const x0s = splat<V>(x0);
  const ms = splat<V>(m);
  const rs = splat<V>(rstd);
  const mg = splat<V>(meanG);
  const mgx = splat<V>(meanGXhat);
  for (; i < end; i += sizeof<V>()) {
    const dyi = load<V>(dy + i);
    const xhat = mul<V>(sub<V>(sub<V>(load<V>(x + i), x0s), ms), rs);
    const g = gamma ? mul<V>(dyi, load<V>(gamma + i)) : dyi;
    store<V>(dgamma + i, add<V>(load<V>(dgamma + i), mul<V>(dyi, xhat)));
    store<V>(dbeta + i, add<V>(load<V>(dbeta + i), dyi));
    store<V>(dx + i, mul<V>(rs, sub<V>(sub<V>(g, mg), mul<V>(xhat, mgx))));
  }
}

/** Sets `bytes` bytes, a multiple of 4, to 0. */
export function clear(at: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 4) store<u32>(at + i, 0);
}

/** Adds the float32 numbers at `part` to the float64 numbers at `total`, and clears them. */
function moveToSum(part: usize, total: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 4) {
    store<f64>(total + 2 * i, load<f64>(total + 2 * i) + load<f32>(part + i));
    store<f32>(part + i, 0);
  }
}

/** Rounds the float64 numbers at `total`, [cols], to float32 at `result`. */
export function roundSum(total: usize, result: usize, cols: u32): void {
  for (let i: usize = 0; i < cols; i++) store<f32>(result + 4 * i, <f32>load<f64>(total + 8 * i));
}
