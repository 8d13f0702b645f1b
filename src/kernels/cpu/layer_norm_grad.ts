/**
 * The gradient of layer normalisation on the `cpu` backend.
 *
 * Three passes over each row of x and dy, which stay in the processor's cache: the remainder of
 * the mean, the row sums together with dγ and dβ, then dx. The derivation is in `reference.ts`,
 * whose names are used here.
 */
import type {MathBackendCPU} from '@tensorflow/tfjs-backend-cpu';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  layerNormGradConfig,
  rowsAndCols,
} from '../contract.js';
import {rowMean} from './layer_norm.js';
import {values} from './values.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: MathBackendCPU;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  const dy = values(backend, inputs.dy); // [rows, cols]
  const x = values(backend, inputs.x); // [rows, cols]
  const stats = values(backend, inputs.stats); // [rows, 2]
  const gamma = inputs.gamma ? values(backend, inputs.gamma) : new Float32Array(cols).fill(1);
  const dx = new Float32Array(rows * cols); // [rows, cols]
  const dgamma = new Float64Array(cols); // float64: a sum over all the rows
  const dbeta = new Float64Array(cols);
  const xhat = new Float64Array(cols); // one row
  const g = new Float64Array(cols); // one row

  for (let row = 0; row < rows; row++) {
    const start = row * cols;
    // The saved mean was rounded to float32: beside a mean of 1e7 that is an error of 0.5.
    const mean = attrs.center ? rowMean(x, start, cols) : 0;
    const rstd = stats[2 * row + 1];

    let sumG = 0;
    let sumGXhat = 0;
    for (let c = 0; c < cols; c++) {
      const dyc = dy[start + c];
      const xhatc = (x[start + c] - mean) * rstd;
      const gc = gamma[c] * dyc;
      dgamma[c] += dyc * xhatc;
      dbeta[c] += dyc;
      sumG += gc;
      sumGXhat += gc * xhatc;
      xhat[c] = xhatc;
      g[c] = gc;
    }

    const meanG = attrs.center ? sumG / cols : 0;
    const meanGXhat = sumGXhat / cols;
    for (let c = 0; c < cols; c++) dx[start + c] = rstd * (g[c] - meanG - xhat[c] * meanGXhat);
  }

  return [
    backend.makeTensorInfo(inputs.x.shape, 'float32', dx),
    backend.makeTensorInfo([cols], 'float32', Float32Array.from(dgamma)),
    backend.makeTensorInfo([cols], 'float32', Float32Array.from(dbeta)),
  ];
}

export const layerNormGradConfigCpu = layerNormGradConfig('cpu', layerNormGrad);
