import * as tf from '@tensorflow/tfjs-core';
import {addAndNormalize} from './normalize.js';
import {checkedOptions, type RmsNormOptions} from './rms_norm.js';

function addRmsNorm_(
  x: tf.Tensor | tf.TensorLike,
  residual: tf.Tensor | tf.TensorLike,
  options: RmsNormOptions = {},
): [y: tf.Tensor, sum: tf.Tensor] {
  return addAndNormalize('addRmsNorm', x, residual, checkedOptions('addRmsNorm', options));
}

/**
 * The addition of a residual and root mean square normalisation in one.
 *
 *     sum = x + residual,   y = rmsNorm(sum, options)
 *
 * Everything else is as for `addLayerNorm`.
 *
 * ```js
 * const [y, sum] = addRmsNorm([[1, 4]], [[2, 0]]);
 * y.print();
 * // [[0.8485281, 1.1313709],]
 * sum.print();
 * // [[3, 4],]
 * ```
 *
 * @param x Any shape of rank ≥ 1, float32 or int32.
 * @param residual The shape of `x`, float32 or int32.
 * @param options `{gamma, axis = -1, epsilon = 1e-6}`, as for `rmsNorm`.
 * @returns `[y, sum]`, each the shape of `x`, float32.
 * @throws Error As `rmsNorm`; a residual of another shape than `x`.
 */
export const addRmsNorm = /* @__PURE__ */ tf.op({addRmsNorm_});
