import {type serialization, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {checkAxis, checkEpsilon} from '../ops/axes.js';
import {layerNorm} from '../ops/layer_norm.js';
import {rmsScaling} from '../ops/rms_scaling.js';
import {resolveBuildShape} from './build_shape.js';
import {camelCaseKeys} from './camel_case.js';
import {onlyTensor} from './only_tensor.js';
import {
  keepConstrained,
  type ResolvedWeightOptions,
  resolveWeightOptions,
  type WeightOptions,
} from './weight_options.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** What `layerNormalization` takes, besides the options of every layer. */
export interface LayerNormalizationArgs extends LayerArgs, WeightOptions {
  /** The dimension or dimensions to normalise over; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
  /** Added to the variance inside the root, ≥ 0. Default: 1e-3. */
  epsilon?: number;
  /** Add the weight beta. Default: true. */
  center?: boolean;
  /** Multiply by the weight gamma. Default: true. */
  scale?: boolean;
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
export class LayerNormalization extends layers.Layer {
  /** @nocollapse */
  static className = 'LayerNormalization';

  /** As given; once built, a list of non-negative integers in the order given. */
  axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly rmsScaling: boolean;
  /** [the normalised dimensions, in the order of `axis`], once built with `scale`. */
  gamma: LayerVariable | null = null;
  /** As gamma, once built with `center`. */
  beta: LayerVariable | null = null;

  private readonly weightOptions: ResolvedWeightOptions;

  /** @throws Error Bad axes or epsilon, or an unknown initialiser, regulariser or constraint. */
  constructor(args: LayerNormalizationArgs = {}) {
    super(args);
    const {axis, epsilon, center, scale, rmsScaling} = args ?? {};
    this.axis = checkAxis(this.getClassName(), axis ?? -1);
    this.epsilon = checkEpsilon(this.getClassName(), epsilon ?? 1e-3);
    this.center = center ?? true;
    this.scale = scale ?? true;
    this.rmsScaling = rmsScaling ?? false;
    this.weightOptions = resolveWeightOptions(args ?? {});
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const {axes, paramShape} = resolveBuildShape(this, inputShape);
    this.axis = axes;
    const options = this.weightOptions;
    if (this.scale || this.rmsScaling) {
      this.gamma = this.addWeight(
        'gamma',
        paramShape,
        'float32',
        options.gammaInitializer,
        options.gammaRegularizer,
      );
      keepConstrained(this.gamma, options.gammaConstraint);
    }
    if (this.center && !this.rmsScaling) {
      this.beta = this.addWeight(
        'beta',
        paramShape,
        'float32',
        options.betaInitializer,
        options.betaRegularizer,
      );
      keepConstrained(this.beta, options.betaConstraint);
    }
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyTensor(this, inputs);
      const {axis, epsilon} = this;
      const gamma = this.gamma?.read();
      const beta = this.beta?.read();
      if (this.rmsScaling) return rmsScaling(x, {gamma, axis, epsilon});
      return layerNorm(x, {gamma, beta, axis, epsilon});
    });
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === 'number' ? this.axis : [...this.axis],
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...this.weightOptions.saved,
      // Only where it is set: Keras 2 rejects a key that it does not know.
      ...(this.rmsScaling ? {rmsScaling: true} : {}),
    };
  }

  /** @nocollapse */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(camelCaseKeys(config));
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
