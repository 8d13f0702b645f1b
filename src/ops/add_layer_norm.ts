import * as tf from '@tensorflow/tfjs-core';
import {checkedOptions, type LayerNormOptions} from './layer_norm.js';
import {addAndNormalize} from './normalize.js';

function addLayerNorm_(
  x: tf.Tensor | tf.TensorLike,
  residual: tf.Tensor | tf.TensorLike,
  options: LayerNormOptions = {},
): [y: tf.Tensor, sum: tf.Tensor] {
  return addAndNormalize('addLayerNorm', x, residual, checkedOptions('addLayerNorm', options));
}

/**
 * The addition of a residual and layer normalisation in one, as they follow each other in every block
 * of a transformer.
 *
 *     sum = x + residual,   y = layerNorm(sum, options)
 *
 * One kernel where that was measured to be faster than two (`cpu`, `wasm`, `tensorflow`), and
 * only where no gradient is being taken; else the addition of tfjs and `layerNorm`, with the same
 * values. Differentiable in x, residual, gamma and beta, as often as needed.
 *
 * ```js
 * const [y, sum] = addLayerNorm([[1, 2, 3]], [[0, 0, 3]]);
 * y.print();
 * // [[-0.9257209, -0.4628605, 1.3885814],]
 * sum.print();
 * // [[1, 2, 6],]
 * ```
 *
 * @param x Any shape of rank ≥ 1, float32 or int32.
 * @param residual The shape of `x`, float32 or int32.
 * @param options `{gamma, beta, axis = -1, epsilon = 1e-3}`, as for `layerNorm`.
 * @returns `[y, sum]`, each the shape of `x`, float32.
 * @throws Error As `layerNorm`; a residual of another shape than `x`.
 */
export const addLayerNorm = /* @__PURE__ */ tf.op({addLayerNorm_});
