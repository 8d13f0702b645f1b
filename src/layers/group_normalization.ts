import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import {layerNorm} from '../ops/layer_norm.js';
import {type AffineArgs, AffineNormalizationLayer, type LayerArgs} from './normalization.js';

/** What `groupNormalization` takes, besides the options of every layer. */
export interface GroupNormalizationArgs extends LayerArgs, AffineArgs {
  /** How many groups; must divide the channels. -1: each channel is one. Default: 32. */
  groups?: number;
  /** The dimension of the channels; negative counts from the end. Default: -1. */
  axis?: number;
}

/**
 * Group normalisation as a `tf.layers.Layer`; the class and config of Keras. A group is a row of
 * layer normalisation, whose kernel does the work.
 *
 * ```js
 * const layer = new GroupNormalization({groups: 2, epsilon: 0});
 * layer.apply(tf.tensor2d([[1, 3, 10, 30]])).print();
 * // [[-1, 1, -1, 1]]
 * layer.getWeights().map((weight) => weight.shape); // [[4], [4]]
 * ```
 *
 * Input: rank ≥ 2, float32 or int32. Output: the input's shape, float32. Masks pass through.
 */
export class GroupNormalization extends AffineNormalizationLayer {
  /** @nocollapse */
  static className = 'GroupNormalization';

  /** The number of groups as it was given; once built, that of the channels where -1 was given. */
  groups: number;

  /** @throws Error A bad axis or epsilon, or an unknown initialiser, regulariser or constraint. */
  constructor(args: GroupNormalizationArgs = {}) {
    super(args);
    this.groups = args.groups ?? 32;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), groups: this.groups};
  }

  protected override buildWeights(shape: number[]): void {
    const [channels] = shape;
    [this.axis] = this.axes;
    if (!this.axis) throw new Error(`${this.where}: axis 0 is the batch, not the channels.`);
    if (this.groups === -1) this.groups = channels;
    if (!(this.groups > 0 && channels % this.groups === 0)) {
      throw new Error(
        `${this.where}: groups must divide the ${channels} channels of ` +
          `axis ${this.axis}, but is ${this.groups}.`,
      );
    }
    super.buildWeights(shape);
  }

  protected override normalize(x: tf.Tensor): tf.Tensor {
    const {groups, epsilon} = this;
    const axis = this.axis as number;
    const before = tf.util.sizeFromShape(x.shape.slice(1, axis));
    // [batch, places before the channels, groups, the group's channels and the places after them]
    const grouped = tf.reshape(x, [x.shape[0], before, groups, -1]);
    const normalized = layerNorm(grouped, {axis: [1, 3], epsilon});
    const perChannel = (weight: LayerVariable) =>
      tf.reshape(
        weight.read(),
        x.shape.map((size, i) => (i === axis ? size : 1)),
      );
    let y: tf.Tensor = tf.reshape(normalized, x.shape);
    if (this.gamma) y = tf.mul(y, perChannel(this.gamma));
    if (this.beta) y = tf.add(y, perChannel(this.beta));
    return y;
  }
}

/**
 * Group normalisation as a layer: each example's channels in groups, each group with all its places
 * to mean 0 and variance 1, then scaled and moved by a gamma and a beta for each channel.
 *
 *     y = γ·(x − μ) / √(σ² + ε) + β,   μ and σ² those of the group
 *
 * Source: Wu, He 2018, "Group Normalization" (arXiv 1803.08494).
 *
 * ```js
 * const layer = groupNormalization({groups: 2, epsilon: 0});
 * layer.apply(tf.tensor2d([[1, 3, 10, 30]])).print();
 * // [[-1, 1, -1, 1]]
 * ```
 *
 * @param args `{groups = 32, axis = -1, epsilon = 1e-3, center = true, scale = true,
 *     betaInitializer = 'zeros', gammaInitializer = 'ones', betaRegularizer, gammaRegularizer,
 *     betaConstraint, gammaConstraint}` and the options of every layer; `groups: 1` takes all
 *     channels together, `groups: -1` each alone (instance normalisation). Input: rank ≥ 2, float32
 *     or int32, the first dimension the batch. Output: the input's shape, float32. Masks pass through.
 * @throws Error A bad axis or epsilon, or an unknown initialiser, regulariser or constraint; when
 *     built, groups that do not divide the channels, or channels of unknown number or in the batch's place.
 */
export function groupNormalization(args?: GroupNormalizationArgs): GroupNormalization {
  return new GroupNormalization(args);
}
