import * as tf from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {resolveBuildShape} from '../../layers/build_shape.js';
import {camelCaseKeys} from '../../layers/camel_case.js';
import {onlyTensor} from '../../layers/only_tensor.js';
import {
  keepConstrained,
  type ResolvedWeightOptions,
  resolveWeightOptions,
  type WeightOptions,
} from '../../layers/weight_options.js';
import {checkAxis, checkEpsilon} from '../../ops/axes.js';
import {layerNorm} from '../../ops/layer_norm.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

export interface GroupNormalizationArgs extends LayerArgs, WeightOptions {
  /** How many groups; must divide the channels. -1: each channel is one. Default: 32. */
  groups?: number;
  /** The dimension of the channels; negative counts from the end. Default: -1. */
  axis?: number;
  /** Added to the variance inside the root, ≥ 0. Default: 1e-3. */
  epsilon?: number;
  /** Add the weight beta. Default: true. */
  center?: boolean;
  /** Multiply by the weight gamma. Default: true. */
  scale?: boolean;
}

/**
 * Group normalisation: each example's channels in groups, each group with all its places to mean 0
 * and variance 1, then scaled and moved by a gamma and a beta for each channel.
 *
 * Source: Wu, He 2018, "Group Normalization" (arXiv 1803.08494); the class and config of Keras. A
 * group is a row of layer normalisation, whose kernel does the work.
 */
export class GroupNormalization extends layers.Layer {
  /** @nocollapse */
  static className = 'GroupNormalization';

  groups: number;
  axis: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  /** [channels], once built with `scale`. */
  gamma: LayerVariable | null = null;
  /** [channels], once built with `center`. */
  beta: LayerVariable | null = null;

  private readonly weightOptions: ResolvedWeightOptions;

  /** @throws Error A bad axis or epsilon, or an unknown initialiser, regulariser or constraint. */
  constructor(args: GroupNormalizationArgs = {}) {
    super(args);
    this.groups = args.groups ?? 32;
    this.axis = checkAxis('GroupNormalization', args.axis ?? -1) as number;
    this.epsilon = checkEpsilon('GroupNormalization', args.epsilon ?? 1e-3);
    this.center = args.center ?? true;
    this.scale = args.scale ?? true;
    this.weightOptions = resolveWeightOptions(args);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const {axes, paramShape} = resolveBuildShape(this, inputShape);
    [this.axis] = axes;
    const [channels] = paramShape;
    if (this.groups === -1) this.groups = channels;
    if (!(this.groups > 0 && channels % this.groups === 0)) {
      throw new Error(
        `GroupNormalization layer "${this.name}": groups must divide the ${channels} channels of ` +
          `axis ${this.axis}, but is ${this.groups}.`,
      );
    }
    const {gammaInitializer, gammaRegularizer, betaInitializer, betaRegularizer} =
      this.weightOptions;
    if (this.scale) {
      this.gamma = this.addWeight(
        'gamma',
        paramShape,
        'float32',
        gammaInitializer,
        gammaRegularizer,
      );
      keepConstrained(this.gamma, this.weightOptions.gammaConstraint);
    }
    if (this.center) {
      this.beta = this.addWeight('beta', paramShape, 'float32', betaInitializer, betaRegularizer);
      keepConstrained(this.beta, this.weightOptions.betaConstraint);
    }
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = onlyTensor(this, inputs);
      const {axis, groups, epsilon} = this;
      const before = tf.util.sizeFromShape(x.shape.slice(1, axis));
      // [batch, places before the channels, groups, the group's channels and the places after them]
      const grouped = tf.reshape(x, [x.shape[0], before, groups, -1]);
      const normalized = layerNorm(grouped, {axis: before === 1 ? -1 : [1, 3], epsilon});
      const channelsAlone = x.shape.map((size, i) => (i === axis ? size : 1));
      let y: tf.Tensor = tf.reshape(normalized, x.shape);
      if (this.gamma) y = tf.mul(y, tf.reshape(this.gamma.read(), channelsAlone));
      if (this.beta) y = tf.add(y, tf.reshape(this.beta.read(), channelsAlone));
      return y;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      groups: this.groups,
      axis: this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...this.weightOptions.saved,
    };
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(camelCaseKeys(config));
  }
}
