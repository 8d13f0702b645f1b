import {type serialization, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {initializers, type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {checkAxis, checkEpsilon} from '../ops/axes.js';
import {rmsNorm} from '../ops/rms_norm.js';
import {resolveBuildShape} from './build_shape.js';
import {camelCaseKeys} from './camel_case.js';
import {onlyTensor} from './only_tensor.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** What `rmsNormalization` takes, besides the options of every layer. */
export interface RMSNormalizationArgs extends LayerArgs {
  /** The dimension or dimensions to normalise over; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
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
export class RMSNormalization extends layers.Layer {
  /** @nocollapse */
  static className = 'RMSNormalization';

  /** As given; once built, a list of non-negative integers in the order given. */
  axis: number | readonly number[];
  readonly epsilon: number;
  /** [the normalised dimensions, in the order of `axis`], once built; saved as `scale`. */
  gamma: LayerVariable | null = null;

  /** @throws Error Bad axes or epsilon. */
  constructor(args: RMSNormalizationArgs = {}) {
    super(args);
    this.axis = checkAxis(this.getClassName(), args?.axis ?? -1);
    this.epsilon = checkEpsilon(this.getClassName(), args?.epsilon ?? 1e-6);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const {axes, paramShape} = resolveBuildShape(this, inputShape);
    this.axis = axes;
    this.gamma = this.addWeight('scale', paramShape, 'float32', initializers.ones());
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const {axis, epsilon} = this;
      return rmsNorm(onlyTensor(this, inputs), {
        gamma: this.gamma?.read(),
        axis,
        epsilon,
      });
    });
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === 'number' ? this.axis : [...this.axis],
      epsilon: this.epsilon,
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
