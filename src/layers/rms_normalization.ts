import type {Tensor} from '@tensorflow/tfjs-core';
import {initializers, type LayerVariable} from '@tensorflow/tfjs-layers';
import {rmsNorm} from '../ops/rms_norm.js';
import {type NormalizationArgs, NormalizationLayer} from './normalization.js';

/** What `rmsNormalization` takes, besides the options of every layer. */
export interface RMSNormalizationArgs extends NormalizationArgs {
  /** Added to the mean square inside the root, ≥ 0. Default: 1e-6. */
  epsilon?: number;
}

/**
 * Root mean square normalisation as a `tf.layers.Layer`; the class and config of Keras 3.
 *
 * ```js
 * const layer = new RMSNormalization();
 * layer.apply(tf.tensor2d([[3, 4]]));
 * layer.getWeights().map((weight) => weight.shape); // [[2]]
 * ```
 *
 * Input: rank ≥ 1, float32 or int32. Output: the input's shape, float32. Masks pass through.
 */
export class RMSNormalization extends NormalizationLayer {
  /** @nocollapse */
  static className = 'RMSNormalization';

  /** [the normalised dimensions, in the order of `axis`], once built; saved as `scale`. */
  gamma: LayerVariable | null = null;

  /** @throws Error Bad axes or epsilon. */
  constructor(args: RMSNormalizationArgs = {}) {
    super(args, 1e-6);
  }

  protected override buildWeights(shape: number[]): void {
    this.gamma = this.addWeight('scale', shape, 'float32', initializers.ones());
  }

  protected override normalize(x: Tensor): Tensor {
    const {axis, epsilon} = this;
    return rmsNorm(x, {gamma: this.gamma?.read(), axis, epsilon});
  }
}

/**
 * Root mean square normalisation as a layer: each example's features to mean square 1, then scaled
 * by the trainable weight gamma.
 *
 * ```js
 * const layer = rmsNormalization();
 * layer.apply(tf.tensor2d([[3, 4]])).print();
 * // [[0.8485281, 1.1313709],]
 * ```
 *
 * @param args `{axis = -1, epsilon = 1e-6}` and the options of every layer. Input: rank ≥ 1,
 *     float32 or int32. Output: the input's shape, float32. Masks pass through.
 * @throws Error Bad axes or epsilon; when built, an axis out of bounds or of unknown size.
 */
export function rmsNormalization(args?: RMSNormalizationArgs): RMSNormalization {
  return new RMSNormalization(args);
}
