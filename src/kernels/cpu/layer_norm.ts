/**
 * Layer normalisation on the `cpu` backend.
 *
 * The rows are copied, a cacheful at a time, into the memory of our WebAssembly module, normalised
 * there in two passes (`wasm/assembly/layer_norm.ts`), and copied out: memory is read once and
 * written once.
 *
 * Where there is no WebAssembly, the same on typed arrays: three passes over each row, which stays
 * in the processor's cache: sum, squared deviations, normalise. JavaScript computes in float64, so
 * the two-pass variance needs no correction and no sum overflows.
 */

import type {MathBackendCPU} from '@tensorflow/tfjs-backend-cpu';
import type {TypedArray} from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  layerNormConfig,
  rowsAndCols,
} from '../contract.js';
import {values} from './values.js';
import {copyIn, copyOut, openWorkspace, rowsAtATime} from './workspace.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: MathBackendCPU;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  const x = values(backend, inputs.x); // [rows, cols]
  const gamma = inputs.gamma && values(backend, inputs.gamma); // [cols]
  const beta = inputs.beta && values(backend, inputs.beta); // [cols]
  const y = new Float32Array(rows * cols); // [rows, cols]
  const stats = new Float32Array(rows * 2); // [rows, 2]

  const done = byModule(x, gamma, beta, y, stats, cols, attrs);
  if (!done) byTypedArrays(x, gamma, beta, y, stats, cols, attrs);

  return [
    backend.makeTensorInfo(inputs.x.shape, 'float32', y),
    backend.makeTensorInfo([rows, 2], 'float32', stats),
  ];
}

/** Normalises all rows in a workspace; false, and nothing done, where there is none. */
function byModule(
  x: TypedArray,
  gamma: TypedArray | undefined,
  beta: TypedArray | undefined,
  y: Float32Array,
  stats: Float32Array,
  cols: number,
  {epsilon, center}: LayerNormAttrs,
): boolean {
  const rows = x.length / cols;
  const rowsAtOnce = rowsAtATime(rows, cols);
  const workspace = openWorkspace([cols, cols, rowsAtOnce * cols, rows * 2]);
  if (!workspace) return false;

  const [gammaAt, betaAt, xAt, statsAt] = workspace.offsets;
  if (gamma) copyIn(workspace, gammaAt, gamma);
  if (beta) copyIn(workspace, betaAt, beta);
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const end = Math.min(row + rowsAtOnce, rows);
    copyIn(workspace, xAt, x, row * cols, end * cols);
    workspace.functions.layerNorm(
      xAt,
      gamma ? gammaAt : 0,
      beta ? betaAt : 0,
      xAt, // y in the place of x
      statsAt + row * 2 * Float32Array.BYTES_PER_ELEMENT,
      end - row,
      cols,
      epsilon,
      center,
    );
    copyOut(workspace, xAt, y, row * cols, end * cols);
  }
  copyOut(workspace, statsAt, stats);
  return true;
}

/** Normalises all rows in plain loops. */
export function byTypedArrays(
  x: TypedArray,
  gamma: TypedArray | undefined,
  beta: TypedArray | undefined,
  y: Float32Array,
  stats: Float32Array,
  cols: number,
  {epsilon, center}: LayerNormAttrs,
): void {
  for (let start = 0, row = 0; start < x.length; start += cols, row++) {
    const mean = center ? rowMean(x, start, cols) : 0;
    const variance = rowVariance(x, start, cols, mean);
    const rstd = reciprocalRoot(variance + epsilon);
    normalize(x, start, cols, mean, rstd, gamma, beta, y);
    stats[2 * row] = mean;
    stats[2 * row + 1] = rstd;
  }
}

/** μ = Σx / n. Four sums run side by side: one alone would wait for its own last addition. */
export function rowMean(x: TypedArray, start: number, cols: number): number {
  const end = start + cols;
  const end4 = start + (cols & ~3);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = start;
  for (; i < end4; i += 4) {
    s0 += x[i];
    s1 += x[i + 1];
    s2 += x[i + 2];
    s3 += x[i + 3];
  }
  for (; i < end; i++) s0 += x[i];
  return (s0 + s1 + (s2 + s3)) / cols;
}

/** σ² = Σ(x − μ)² / n. */
function rowVariance(x: TypedArray, start: number, cols: number, mean: number): number {
  const end = start + cols;
  const end4 = start + (cols & ~3);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = start;
  for (; i < end4; i += 4) {
    const d0 = x[i] - mean;
    const d1 = x[i + 1] - mean;
    const d2 = x[i + 2] - mean;
    const d3 = x[i + 3] - mean;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (; i < end; i++) s0 += (x[i] - mean) ** 2;
  return (s0 + s1 + (s2 + s3)) / cols;
}

/** r = 1 / √v, and 0 for a constant row without epsilon, whose x̂ is 0. */
function reciprocalRoot(v: number): number {
  return v === 0 ? 0 : 1 / Math.sqrt(v);
}

/** y = γ·x̂ + β with x̂ = (x − μ)·r. A loop for each case: a test inside would cost a third. */
function normalize(
  x: TypedArray,
  start: number,
  cols: number,
  mean: number,
  rstd: number,
  gamma: TypedArray | undefined,
  beta: TypedArray | undefined,
  y: Float32Array,
): void {
  if (gamma && beta) {
    for (let c = 0; c < cols; c++) y[start + c] = (x[start + c] - mean) * rstd * gamma[c] + beta[c];
  } else if (gamma) {
    for (let c = 0; c < cols; c++) y[start + c] = (x[start + c] - mean) * rstd * gamma[c];
  } else if (beta) {
    for (let c = 0; c < cols; c++) y[start + c] = (x[start + c] - mean) * rstd + beta[c];
  } else {
    for (let c = 0; c < cols; c++) y[start + c] = (x[start + c] - mean) * rstd;
  }
}

export const layerNormConfigCpu = layerNormConfig('cpu', layerNorm);
