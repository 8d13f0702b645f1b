import * as tf from '@tensorflow/tfjs-core';
import {type NormalizeOptions, normalize} from './normalize.js';
import {checkOptionNames} from './option_names.js';

/** What `rmsNorm` takes besides x. */
export interface RmsNormOptions {
  /** Scale, float32, the shape of the normalised dimensions in the order of `axis`. Default: none. */
  gamma?: tf.Tensor | tf.TensorLike | null;
  /** The dimension or dimensions to normalise over; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
  /** Added to the mean square inside the root, ≥ 0. Default: 1e-6, as in Keras. */
  epsilon?: number;
}

function rmsNorm_(x: tf.Tensor | tf.TensorLike, options: RmsNormOptions = {}): tf.Tensor {
  return normalize('rmsNorm', x, checkedOptions('rmsNorm', options));
}

/** The options with their defaults. @throws Error An unknown option. */
export function checkedOptions(opName: string, options: RmsNormOptions): NormalizeOptions {
  checkOptionNames(opName, options, ['gamma', 'axis', 'epsilon']);
  const {gamma, axis = -1, epsilon = 1e-6} = options;
  return {gamma, axis, epsilon, center: false};
}

/**
 * Root mean square normalisation: each row of `x` (all elements along `axis`) to mean square 1,
 * then scaled by gamma. Layer normalisation without the mean.
 *
 *     y = γ·x / √(mean(x²) + ε)
 *
 * One kernel on the current backend, differentiable in x and gamma, as often as needed.
 * Source: Zhang, Sennrich 2019, "Root Mean Square Layer Normalization" (arXiv 1910.07467).
 *
 * ```js
 * rmsNorm([[3, 4]]).print();
 * // [[0.8485281, 1.1313709],]
 * ```
 *
 * @param x Any shape of rank ≥ 1, float32 or int32.
 * @param options `{gamma, axis = -1, epsilon = 1e-6}`, as for `layerNorm`.
 * @returns The shape of `x`, float32.
 * @throws Error As `layerNorm`.
 */
export const rmsNorm = /* @__PURE__ */ tf.op({rmsNorm_});
