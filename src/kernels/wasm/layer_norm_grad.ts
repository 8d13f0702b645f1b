/**
 * The gradient of layer normalisation on the `wasm` backend.
 *
 * The work is done by our own module (`assembly/layer_norm_grad.ts`) on the backend's memory,
 * without a copy: two passes over each row of x and dy, which stay in the processor's cache, so
 * memory is read once and written once. dγ and dβ are summed in float64, in a fixed order.
 */
import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  rowsAndCols,
} from '../contract.js';
import {memoryOf, offsetOf} from './memory.js';
import {wasmFunctions} from './module.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: BackendWasm;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  const dx = backend.makeOutput(inputs.x.shape, 'float32');
  const dgamma = backend.makeOutput([cols], 'float32');
  const dbeta = backend.makeOutput([cols], 'float32');
  const sums = backend.makeOutput([2, cols, 2], 'float32'); // [2, cols] of float64: dγ and dβ
  const dgammaOffset = offsetOf(backend, dgamma);
  const dbetaOffset = offsetOf(backend, dbeta);
  const dgammaSum = offsetOf(backend, sums);
  const dbetaSum = dgammaSum + cols * Float64Array.BYTES_PER_ELEMENT;

  const functions = wasmFunctions(memoryOf(backend));
  functions.clear(dgammaSum, 2 * cols * Float64Array.BYTES_PER_ELEMENT);
  functions.layerNormGrad(
    offsetOf(backend, inputs.dy),
    offsetOf(backend, inputs.x),
    offsetOf(backend, inputs.stats),
    offsetOf(backend, inputs.gamma),
    offsetOf(backend, dx),
    dgammaOffset,
    dbetaOffset,
    dgammaSum,
    dbetaSum,
    rows,
    cols,
    attrs.epsilon,
    attrs.center,
  );
  functions.roundSum(dgammaSum, dgammaOffset, cols);
  functions.roundSum(dbetaSum, dbetaOffset, cols);
  backend.disposeData(sums.dataId);
  return [dx, dgamma, dbeta];
}
