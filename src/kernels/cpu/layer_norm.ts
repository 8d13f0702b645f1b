/**
 * Layer normalisation on the `cpu` backend.
 *
 * The rows are copied, a cacheful at a time, into the memory of our WebAssembly module, normalised
 * there in two passes (`wasm/assembly/layer_norm.ts`), and copied out: memory is read once and
 * written once.
 *
 * Where there is no WebAssembly, plain loops over typed arrays do the same: three passes over each
 * row, which stays in the processor's cache: sum, squared deviations, normalise. JavaScript computes
 * in float64, so that no sum overflows.
 */

import type {TypedArray} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../backend.js';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  rowsAndCols,
} from '../contract.js';
import {values} from './values.js';
import {copyIn, copyOut, openWorkspace, rowsAtATime} from './workspace.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: HostBackend;
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

/** Normalises all rows in a workspace. Where there is none it does nothing, and returns false. */
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
      xAt, // y takes the place of x
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
function byTypedArrays(
  x: TypedArray,
  gamma: TypedArray | undefined,
  beta: TypedArray | undefined,
  y: Float32Array,
  stats: Float32Array,
  cols: number,
  {epsilon, center}: LayerNormAttrs,
): void {
  const gammaOrOnes = gamma ?? new Float32Array(cols).fill(1);
  const betaOrZeros = beta ?? new Float32Array(cols);

  for (let start = 0, row = 0; start < x.length; start += cols, row++) {
    const x0 = center ? x[start] : 0;
    const m = center ? meanFrom(x0, x, start, cols) : 0;

    let sumOfSquares = 0;
    for (let c = 0; c < cols; c++) sumOfSquares += (x[start + c] - x0 - m) ** 2;
    const variance = sumOfSquares / cols;

    // The sum is 0 for a constant row without epsilon: x − μ is 0 there, and x̂ is to be 0 as well.
    const rstd = variance + epsilon === 0 ? 0 : 1 / Math.sqrt(variance + epsilon);

    for (let c = 0; c < cols; c++) {
      y[start + c] = (x[start + c] - x0 - m) * rstd * gammaOrOnes[c] + betaOrZeros[c];
    }
    stats[2 * row] = m;
    stats[2 * row + 1] = rstd;
  }
}

/** m = Σ(x − x₀) / n. */
function meanFrom(x0: number, x: TypedArray, start: number, cols: number): number {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += x[start + c] - x0;
  return sum / cols;
}
