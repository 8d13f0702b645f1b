/**
 * The gradient of layer normalisation on the `cpu` backend. The derivation is in `reference.ts`,
 * whose names are used here.
 *
 * The rows of x and dy are copied, a cacheful at a time, into the memory of our WebAssembly module,
 * worked on there in two passes (`wasm/assembly/layer_norm_grad.ts`), and dx is copied out: memory
 * is read once and written once.
 *
 * Where there is no WebAssembly, plain loops over typed arrays do the same: two passes over each
 * row, which stays in the processor's cache: the row's sums together with dγ and dβ, then dx.
 */

import type {TypedArray} from '@tensorflow/tfjs-core';
import type {HostBackend} from '../backend.js';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  rowsAndCols,
} from '../contract.js';
import {values} from './values.js';
import {copyIn, copyOut, openWorkspace, rowsAtATime} from './workspace.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: HostBackend;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  const dy = values(backend, inputs.dy); // [rows, cols]
  const x = values(backend, inputs.x); // [rows, cols]
  const stats = values(backend, inputs.stats); // [rows, 2]
  const gamma = inputs.gamma && values(backend, inputs.gamma); // [cols]
  const dx = new Float32Array(rows * cols); // [rows, cols]
  const dgamma = new Float32Array(cols); // [cols]
  const dbeta = new Float32Array(cols); // [cols]

  const done = byModule(dy, x, stats, gamma, dx, dgamma, dbeta, attrs);
  if (!done) byTypedArrays(dy, x, stats, gamma, dx, dgamma, dbeta, attrs);

  return [
    backend.makeTensorInfo(inputs.x.shape, 'float32', dx),
    backend.makeTensorInfo([cols], 'float32', dgamma),
    backend.makeTensorInfo([cols], 'float32', dbeta),
  ];
}

/** Computes all rows in a workspace. Where there is none it does nothing, and returns false. */
function byModule(
  dy: TypedArray,
  x: TypedArray,
  stats: TypedArray,
  gamma: TypedArray | undefined,
  dx: Float32Array,
  dgamma: Float32Array,
  dbeta: Float32Array,
  {epsilon, center}: LayerNormAttrs,
): boolean {
  const cols = dgamma.length;
  const rows = x.length / cols;
  const rowsAtOnce = rowsAtATime(rows, 2 * cols);
  const chunk = rowsAtOnce * cols;
  const workspace = openWorkspace([cols, cols, cols, 2 * cols, 2 * cols, chunk, chunk, rows * 2]);
  if (!workspace) return false;

  const {functions, offsets} = workspace;
  const [gammaAt, dgammaAt, dbetaAt, dgammaSumAt, dbetaSumAt, dyAt, xAt, statsAt] = offsets;
  if (gamma) copyIn(workspace, gammaAt, gamma);
  copyIn(workspace, statsAt, stats);
  functions.clear(dgammaSumAt, cols * Float64Array.BYTES_PER_ELEMENT);
  functions.clear(dbetaSumAt, cols * Float64Array.BYTES_PER_ELEMENT);
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const end = Math.min(row + rowsAtOnce, rows);
    copyIn(workspace, dyAt, dy, row * cols, end * cols);
    copyIn(workspace, xAt, x, row * cols, end * cols);
    functions.layerNormGrad(
      dyAt,
      xAt,
      statsAt + row * 2 * Float32Array.BYTES_PER_ELEMENT,
      gamma ? gammaAt : 0,
      dyAt, // dx takes the place of dy
      dgammaAt,
      dbetaAt,
      dgammaSumAt,
      dbetaSumAt,
      end - row,
      cols,
      epsilon,
      center,
    );
    copyOut(workspace, dyAt, dx, row * cols, end * cols);
  }
  functions.roundSum(dgammaSumAt, dgammaAt, cols);
  functions.roundSum(dbetaSumAt, dbetaAt, cols);
  copyOut(workspace, dgammaAt, dgamma);
  copyOut(workspace, dbetaAt, dbeta);
  return true;
}

/** Computes all rows in plain loops. */
function byTypedArrays(
  dy: TypedArray,
  x: TypedArray,
  stats: TypedArray,
  gamma: TypedArray | undefined,
  dx: Float32Array,
  dgamma: Float32Array,
  dbeta: Float32Array,
  {center}: LayerNormAttrs,
): void {
  const cols = dgamma.length;
  const gammaOrOnes = gamma ?? new Float32Array(cols).fill(1);
  const dgammaSum = new Float64Array(cols); // [cols], float64, since they are sums over all the rows
  const dbetaSum = new Float64Array(cols); // [cols]
  const xhat = new Float64Array(cols); // [cols] of the row at hand
  const g = new Float64Array(cols); // [cols], likewise

  for (let start = 0, row = 0; start < x.length; start += cols, row++) {
    const x0 = center ? x[start] : 0;
    const m = stats[2 * row];
    const rstd = stats[2 * row + 1];

    const g0 = gammaOrOnes[0] * dy[start];
    let sumG = 0; // of g − g₀
    let sumGXhat = 0;
    for (let c = 0; c < cols; c++) {
      const dyc = dy[start + c];
      const xhatc = (x[start + c] - x0 - m) * rstd;
      const gc = gammaOrOnes[c] * dyc;
      dgammaSum[c] += dyc * xhatc;
      dbetaSum[c] += dyc;
      sumG += gc - g0;
      sumGXhat += gc * xhatc;
      xhat[c] = xhatc;
      g[c] = gc;
    }

    const meanG = center ? g0 + sumG / cols : 0;
    const meanGXhat = sumGXhat / cols;
    for (let c = 0; c < cols; c++) dx[start + c] = rstd * (g[c] - meanG - xhat[c] * meanGXhat);
  }
  dgamma.set(dgammaSum);
  dbeta.set(dbetaSum);
}
