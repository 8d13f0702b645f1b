/**
 * Layer normalisation of a sum on the `wasm` backend.
 *
 * The work is done by our own module (`assembly/layer_norm.ts`) on the backend's memory, without a
 * copy: a row is added, and normalised in two passes while it is in the processor's cache, so memory is
 * read twice and written twice, where two kernels would read the sum once more.
 */
import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import {
  type AddLayerNormInputs,
  type AddLayerNormOutputs,
  type LayerNormAttrs,
  rowsAndCols,
} from '../contract.js';
import {memoryOf, offsetOf} from './memory.js';
import {wasmFunctions} from './module.js';

export function addLayerNorm(args: {
  inputs: AddLayerNormInputs;
  attrs: LayerNormAttrs;
  backend: BackendWasm;
}): AddLayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {rows, cols} = rowsAndCols(inputs.x);
  const y = backend.makeOutput(inputs.x.shape, 'float32');
  const stats = backend.makeOutput([rows, 2], 'float32');
  const sum = backend.makeOutput(inputs.x.shape, 'float32');

  wasmFunctions(memoryOf(backend)).addLayerNorm(
    offsetOf(backend, inputs.x),
    offsetOf(backend, inputs.residual),
    offsetOf(backend, sum),
    offsetOf(backend, inputs.gamma),
    offsetOf(backend, inputs.beta),
    offsetOf(backend, y),
    offsetOf(backend, stats),
    rows,
    cols,
    attrs.epsilon,
    attrs.center,
  );
  return [y, stats, sum];
}
