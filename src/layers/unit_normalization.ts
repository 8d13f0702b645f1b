import * as tf from '@tensorflow/tfjs-core';
import {type NormalizationArgs, NormalizationLayer} from './normalization.js';

/** What `unitNormalization` takes, besides the options of every layer. */
export interface UnitNormalizationArgs extends NormalizationArgs {
  /** The dimension or dimensions of a vector; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
}

/**
 * Unit normalisation as a `tf.layers.Layer`; the class and config of Keras.
 *
 * ```js
 * const layer = new UnitNormalization({axis: [1, 2]});
 * layer.apply(tf.tensor3d([[[3], [4]]])).print();
 * // [[[0.6], [0.8]]]
 * ```
 *
 * Input: rank ≥ 1, float32 or int32. Output: the input's shape, float32. Masks pass through.
 */
export class UnitNormalization extends NormalizationLayer {
  /** @nocollapse */
  static className = 'UnitNormalization';

  /** @throws Error Bad axes. */
  constructor(args: UnitNormalizationArgs = {}) {
    super(args, 1e-12); // the bound of Keras, which is not an option
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {epsilon: _, ...config} = super.getConfig();
    return config;
  }

  /** It has no weights: any size will do. */
  protected override sizesOf(): number[] {
    return [];
  }

  protected override normalize(x: tf.Tensor): tf.Tensor {
    const squares = tf.sum(tf.square(x), this.axis as number[], true);
    return tf.mul(x, tf.rsqrt(tf.maximum(squares, this.epsilon)));
  }
}

/**
 * Unit normalisation as a layer: each vector along `axis` to length 1, y = x / √max(Σx², 1e-12).
 * It has no weights. Source: `UnitNormalization` of Keras.
 *
 * ```js
 * unitNormalization().apply(tf.tensor2d([[3, 4]])).print();
 * // [[0.6, 0.8]]
 * ```
 *
 * @param args `{axis = -1}` and the options of every layer. Input: rank ≥ 1, float32 or int32.
 *     Output: the input's shape, float32. Masks pass through.
 * @throws Error Bad axes; when built, an axis out of bounds.
 */
export function unitNormalization(args?: UnitNormalizationArgs): UnitNormalization {
  return new UnitNormalization(args);
}
