/**
 * The contract between the ops and the backends: the kernels, what they take and what they give.
 *
 * A kernel knows nothing of axes. It sees `x` with its last dimension as the columns and all the
 * dimensions before it as rows: `rows = x.size / cols`, row-major. It is never called with an
 * empty `x`.
 *
 * The statistics of a row are (m, rstd) with m = mean − x₀, where x₀ is the row's own first number.
 * The kernels compute
 *
 *     x̂ = ((x − x₀) − m)·rstd
 *
 * and none corrects it. The mean itself would be rounded to float32: beside a spread of 1 that
 * costs four digits of y at a mean of 1e4, and all of them at 1e7. The mean's distance from x₀ is
 * at most √cols·σ, so its rounding costs nothing that float32 could hold, and x − x₀ is exact, or
 * nearly so, however large both are. Without centring m is 0, and x̂ = x·rstd.
 *
 * Where the answer is 0, it is exactly 0:
 * - A row of equal numbers has m = 0 exactly, so that x̂ is 0, and dγ gets nothing of it.
 * - Where `variance + epsilon` is 0 as well, rstd is 0, and so is dx.
 * - Where g = γ·dy is one number in all the row, as it must be in a row of one column, the mean of
 *   g is that number exactly, so that g − mean(g) is 0. Kernels therefore sum g − g₀, where g₀ is
 *   the row's first g, and no fused multiply-add may compute γ·dy − mean(g) with an unrounded
 *   product.
 *
 * New semantics are a new kernel name, never a new optional input: the `LayerNorm` of a third party
 * would ignore the input in silence. A new name gets a row in `KernelTypes`, and in
 * `composed/index.ts` a default that is composed of other kernels and ops, so that it works on every
 * backend at once; a backend's own kernel of that name is worth it only where it is faster.
 */
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** Name of the forward kernel. */
export const LayerNorm = 'LayerNorm';

/** Name of the backward kernel. */
export const LayerNormGrad = 'LayerNormGrad';

/** Name of the forward kernel that adds before it normalises. */
export const AddLayerNorm = 'AddLayerNorm';

export interface LayerNormAttrs {
  /** Added to the variance inside the root, ≥ 0. Where variance + epsilon is 0, rstd is 0. */
  epsilon: number;
  /** `true`: layer normalisation. `false`: RMS normalisation, the mean is taken to be 0. */
  center: boolean;
}

export interface LayerNormInputs {
  /** [..., cols], float32. */
  x: TensorInfo;
  /** [cols], float32; absent: no scale. */
  gamma?: TensorInfo;
  /** [cols], float32; absent: no offset. */
  beta?: TensorInfo;
}

/** `y`: as x. `stats`: [rows, 2], each row (mean − x₀, rstd); the first is 0 without centring. */
export type LayerNormOutputs = [y: TensorInfo, stats: TensorInfo];

export interface LayerNormGradInputs {
  /** [..., cols], float32, as x. */
  dy: TensorInfo;
  /** [..., cols], float32, the input of the forward kernel. */
  x: TensorInfo;
  /** [rows, 2], float32, what the forward kernel saved. */
  stats: TensorInfo;
  /** [cols], float32; absent: no scale. */
  gamma?: TensorInfo;
}

/** `dx`: as x. `dgamma`, `dbeta`: [cols]. */
export type LayerNormGradOutputs = [dx: TensorInfo, dgamma: TensorInfo, dbeta: TensorInfo];

export interface AddLayerNormInputs extends LayerNormInputs {
  /** As x, to which it is added. */
  residual: TensorInfo;
}

/** `y` and `stats` are those of `LayerNorm` at `sum`, which is x + residual. */
export type AddLayerNormOutputs = [y: TensorInfo, stats: TensorInfo, sum: TensorInfo];

/** What each kernel takes and gives, by its name. */
export interface KernelTypes {
  LayerNorm: {inputs: LayerNormInputs; attrs: LayerNormAttrs; outputs: LayerNormOutputs};
  LayerNormGrad: {
    inputs: LayerNormGradInputs;
    attrs: LayerNormAttrs;
    outputs: LayerNormGradOutputs;
  };
  AddLayerNorm: {inputs: AddLayerNormInputs; attrs: LayerNormAttrs; outputs: AddLayerNormOutputs};
}

export type KernelName = keyof KernelTypes;

/** A kernel: runs at once, without a promise. */
export type Kernel<Name extends KernelName, Backend> = (args: {
  inputs: KernelTypes[Name]['inputs'];
  attrs: KernelTypes[Name]['attrs'];
  backend: Backend;
}) => KernelTypes[Name]['outputs'];

/** A kernel for each name. */
export type Kernels<Backend> = {[Name in KernelName]: Kernel<Name, Backend>};

/** The [rows, cols] that a kernel sees in a tensor of shape [..., cols]. */
export function rowsAndCols({shape}: TensorInfo): {
  rows: number;
  cols: number;
} {
  const cols = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return {rows, cols};
}
