/**
 * Layer normalisation of a sum on the `cpu` backend.
 *
 * The rows of x and of the residual are copied, a cacheful at a time, into the memory of our WebAssembly
 * module, added and normalised there (`wasm/assembly/layer_norm.ts`), and copied out: memory is read
 * twice and written twice.
 *
 * Where there is no WebAssembly, a loop over typed arrays adds, and the kernel of layer normalisation
 * does the rest.
 */
import type {HostBackend} from '../backend.js';
import {
  type AddLayerNormInputs,
  type AddLayerNormOutputs,
  type LayerNormAttrs,
  rowsAndCols,
} from '../contract.js';
import {layerNorm} from './layer_norm.js';
import {values} from './values.js';
import {copyIn, copyOut, openWorkspace, rowsAtATime} from './workspace.js';

export function addLayerNorm(args: {
  inputs: AddLayerNormInputs;
  attrs: LayerNormAttrs;
  backend: HostBackend;
}): AddLayerNormOutputs {
  return byModule(args) ?? byTypedArrays(args);
}

/** Computes all rows in a workspace; `undefined` where there is none. */
function byModule({
  inputs,
  attrs: {epsilon, center},
  backend,
}: Parameters<typeof addLayerNorm>[0]): AddLayerNormOutputs | undefined {
  const {rows, cols} = rowsAndCols(inputs.x);
  const rowsAtOnce = rowsAtATime(rows, 2 * cols);
  const chunk = rowsAtOnce * cols;
  const workspace = openWorkspace([cols, cols, chunk, chunk, rows * 2]);
  if (!workspace) return undefined;

  const x = values(backend, inputs.x); // [rows, cols]
  const residual = values(backend, inputs.residual); // [rows, cols]
  const y = new Float32Array(rows * cols); // [rows, cols]
  const stats = new Float32Array(rows * 2); // [rows, 2]
  const sum = new Float32Array(rows * cols); // [rows, cols]
  const [gammaAt, betaAt, xAt, residualAt, statsAt] = workspace.offsets;
  if (inputs.gamma) copyIn(workspace, gammaAt, values(backend, inputs.gamma));
  if (inputs.beta) copyIn(workspace, betaAt, values(backend, inputs.beta));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const end = Math.min(row + rowsAtOnce, rows);
    copyIn(workspace, xAt, x, row * cols, end * cols);
    copyIn(workspace, residualAt, residual, row * cols, end * cols);
    workspace.functions.addLayerNorm(
      xAt,
      residualAt,
      residualAt, // the sum takes the place of the residual
      inputs.gamma ? gammaAt : 0,
      inputs.beta ? betaAt : 0,
      xAt, // y takes the place of x
      statsAt + row * 2 * Float32Array.BYTES_PER_ELEMENT,
      end - row,
      cols,
      epsilon,
      center,
    );
    copyOut(workspace, xAt, y, row * cols, end * cols);
    copyOut(workspace, residualAt, sum, row * cols, end * cols);
  }
  copyOut(workspace, statsAt, stats);
  return [
    backend.makeTensorInfo(inputs.x.shape, 'float32', y),
    backend.makeTensorInfo([rows, 2], 'float32', stats),
    backend.makeTensorInfo(inputs.x.shape, 'float32', sum),
  ];
}

/** Computes all rows in plain loops. */
function byTypedArrays({
  inputs: {x, residual, ...params},
  attrs,
  backend,
}: Parameters<typeof addLayerNorm>[0]): AddLayerNormOutputs {
  const addend = values(backend, residual);
  const sum = Float32Array.from(values(backend, x), (value, i) => value + addend[i]);
  const total = backend.makeTensorInfo(x.shape, 'float32', sum);
  const [y, stats] = layerNorm({inputs: {x: total, ...params}, attrs, backend});
  return [y, stats, total];
}
