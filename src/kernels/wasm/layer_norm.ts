/**
 * Layer normalisation on the `wasm` backend.
 *
 * The work is done by our own module (`assembly/layer_norm.ts`) on the backend's memory, without a
 * copy: two passes over each row, which stays in the processor's cache from the first to the
 * second, so memory is read once and written once. One thread does it all: a single core comes near
 * the speed of a copy, so that further threads would only wait for the same memory.
 */
import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  rowsAndCols,
} from '../contract.js';
import {memoryOf, offsetOf} from './memory.js';
import {wasmFunctions} from './module.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: BackendWasm;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  const y = backend.makeOutput(inputs.x.shape, 'float32');
  const stats = backend.makeOutput([rows, 2], 'float32');

  wasmFunctions(memoryOf(backend)).layerNorm(
    offsetOf(backend, inputs.x),
    offsetOf(backend, inputs.gamma),
    offsetOf(backend, inputs.beta),
    offsetOf(backend, y),
    offsetOf(backend, stats),
    rows,
    cols,
    attrs.epsilon,
    attrs.center,
  );
  return [y, stats];
}
