import * as tf from '@tensorflow/tfjs-core';
import {type NormalizeOptions, normalize} from './normalize.js';
import {checkOptionNames} from './option_names.js';

/** What `layerNorm` takes besides x. */
export interface LayerNormOptions {
  /** Scale, float32, the shape of the normalised dimensions in the order of `axis`. Default: none. */
  gamma?: tf.Tensor | tf.TensorLike | null;
  /** Offset, float32, shaped as gamma. Default: none. */
  beta?: tf.Tensor | tf.TensorLike | null;
  /** The dimension or dimensions to normalise over; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
  /** Added to the variance inside the root, ≥ 0. Default: 1e-3, as in Keras. */
  epsilon?: number;
}

function layerNorm_(x: tf.Tensor | tf.TensorLike, options: LayerNormOptions = {}): tf.Tensor {
  return normalize('layerNorm', x, checkedOptions('layerNorm', options));
}

/** The options with their defaults. @throws Error An unknown option. */
export function checkedOptions(opName: string, options: LayerNormOptions): NormalizeOptions {
  checkOptionNames(opName, options, ['gamma', 'beta', 'axis', 'epsilon']);
  const {gamma, beta, axis = -1, epsilon = 1e-3} = options;
  return {gamma, beta, axis, epsilon, center: true};
}

/**
 * Layer normalisation: each row of `x` (all elements along `axis`) to mean 0 and variance 1, then
 * scaled by gamma and moved by beta.
 *
 *     y = γ·(x − μ) / √(σ² + ε) + β,   μ = mean(x),   σ² = mean((x − μ)²)
 *
 * One kernel on the current backend, differentiable in x, gamma and beta, as often as needed.
 * Source: Ba, Kiros, Hinton 2016, "Layer Normalization" (arXiv 1607.06450).
 *
 * ```js
 * layerNorm([[1, 2, 3], [10, 20, 30]]).print();
 * // [[-1.2238274, 0, 1.2238274],
 * //  [-1.2247356, 0, 1.2247356]]
 * ```
 *
 * @param x Any shape of rank ≥ 1, float32 or int32.
 * @param options `{gamma, beta, axis = -1, epsilon = 1e-3}`. Over several axes gamma and beta have
 *     the dimensions in the order given, and are read row-major over the axes in ascending order,
 *     as Keras reads them. Where σ² + ε is 0 (a constant row, epsilon 0), y is β.
 * @returns The shape of `x`, float32.
 * @throws Error An axis out of bounds, given twice or no integer; a negative epsilon; gamma or
 *     beta of another shape or dtype; x of another dtype, or a scalar; an unknown option.
 */
export const layerNorm = /* @__PURE__ */ tf.op({layerNorm_});
