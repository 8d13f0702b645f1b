import type {serialization, Tensor} from '@tensorflow/tfjs-core';
import {layerNorm} from '../ops/layer_norm.js';
import {rmsScaling} from '../ops/rms_scaling.js';
import {
  type AffineArgs,
  AffineNormalizationLayer,
  type NormalizationArgs,
} from './normalization.js';

/** What `layerNormalization` takes, besides the options of every layer. */
export interface LayerNormalizationArgs extends NormalizationArgs, AffineArgs {
  /**
   * Keras's option of this name: x·γ / √(σ² + ε), with the variance taken about the mean but x not
   * centred, no beta, and gamma even where `scale` is false. Default: false. For RMS normalisation
   * proper see `rmsNormalization`.
   */
  rmsScaling?: boolean;
}

/**
 * Layer normalisation as a `tf.layers.Layer`, in the place of the built-in one.
 *
 * Its class name is that of the built-in layer and of Keras's, so that after the import of this
 * package `tf.loadLayersModel` builds this class, and models saved with it load without it.
 *
 * ```js
 * const layer = new LayerNormalization({epsilon: 1e-5});
 * layer.apply(tf.tensor2d([[1, 3]])).print();
 * // [[-0.999995, 0.999995],]
 * layer.getWeights().map((weight) => weight.shape); // [[2], [2]]
 * ```
 *
 * Input: rank ≥ 1, float32 or int32. Output: the input's shape, float32. Masks pass through.
 */
export class LayerNormalization extends AffineNormalizationLayer {
  /** @nocollapse */
  static className = 'LayerNormalization';

  readonly rmsScaling: boolean;

  /** @throws Error Bad axes or epsilon, or an unknown initialiser, regulariser or constraint. */
  constructor(args: LayerNormalizationArgs = {}) {
    super(args);
    this.rmsScaling = args.rmsScaling ?? false;
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      // Only where it is set: Keras 2 rejects a key that it does not know.
      ...(this.rmsScaling && {rmsScaling: true}),
    };
  }

  protected override buildWeights(shape: number[]): void {
    if (this.rmsScaling) this.gamma = this.addConstrained('gamma', shape);
    else super.buildWeights(shape);
  }

  protected override normalize(x: Tensor): Tensor {
    const {axis, epsilon} = this;
    const gamma = this.gamma?.read();
    if (this.rmsScaling) return rmsScaling(x, {gamma, axis, epsilon});
    return layerNorm(x, {gamma, beta: this.beta?.read(), axis, epsilon});
  }
}

/**
 * Layer normalisation as a layer: each example's features to mean 0 and variance 1, then scaled
 * and moved by the trainable weights gamma and beta.
 *
 * ```js
 * const model = tf.sequential({layers: [
 *   tf.layers.dense({units: 8, inputShape: [4]}),
 *   layerNormalization(),
 * ]});
 * model.predict(tf.ones([2, 4])).shape; // [2, 8]
 * ```
 *
 * @param args `{axis = -1, epsilon = 1e-3, center = true, scale = true, rmsScaling = false,
 *     betaInitializer = 'zeros', gammaInitializer = 'ones', betaRegularizer, gammaRegularizer,
 *     betaConstraint, gammaConstraint}` and the options of every layer. Input: rank ≥ 1, float32
 *     or int32. Output: the input's shape, float32. Masks pass through.
 * @throws Error Bad axes or epsilon, or an unknown initialiser, regulariser or constraint; when
 *     built, an axis out of bounds or of unknown size.
 */
export function layerNormalization(args?: LayerNormalizationArgs): LayerNormalization {
  return new LayerNormalization(args);
}
