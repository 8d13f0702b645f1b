import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {fromStart} from '../layers/options_layer.js';
import {type HubArgs, HubLayer} from './hub_layer.js';
import {inverseFrequencies, type Rope, yarnFactor} from './rotary_frequencies.js';

interface RotaryOptions extends Rope {
  /** Default: 1. */
  sequenceAxis: number;
  /** Default: -1. */
  featureAxis: number;
  /** The position of the first step. An argument of the call in Keras. Default: 0. */
  startIndex: number;
}

/**
 * Turns pairs of features by angles that grow with the position, so that the product of two vectors
 * depends on how far apart they are. Arguments: `inputs` [batch, steps, …, features], with the two axes
 * where the options say, and `positions` [batch, steps] in place of 0, 1, 2, …. Output: the shape of the
 * inputs.
 *
 * Source: keras_hub.layers.RotaryEmbedding; Su et al. 2021 (arXiv 2104.09864).
 */
export class RotaryEmbedding extends HubLayer<RotaryOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>RotaryEmbedding';

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<RotaryOptions> = {}) {
    const defaults: RotaryOptions = {
      maxWavelength: 10000,
      scalingFactor: 1,
      ropeType: 'linear',
      betaFast: 32,
      betaSlow: 1,
      originalMaxPositionEmbeddings: 4096,
      truncate: true,
      denominatorDim: null,
      sequenceAxis: 1,
      featureAxis: -1,
      startIndex: 0,
    };
    super(args, defaults, ['inputs', 'positions']);
  }

  /** @throws Error The features are not pairs, or one axis is to be both. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {sequenceAxis, featureAxis} = this.options;
    const [steps, features] = [sequenceAxis, featureAxis].map((axis) =>
      fromStart(axis, shape.length),
    );
    const isThere = [steps, features].every((axis) => axis >= 0 && axis < shape.length);
    if (!isThere || steps === features) {
      throw this.error(
        `there are no such axes, ${sequenceAxis} and ${featureAxis}, in [${shape}].`,
      );
    }
    const size = shape[features];
    if (size == null || size % 2) throw this.error(`${size} features are not pairs.`);
  }

  protected override compute({inputs, positions}: Record<string, tf.Tensor>): tf.Tensor {
    const order = this.order(inputs.rank);
    const x = tf.transpose(inputs, order); // [batch, steps, …, features]
    const [cosine, sine] = this.waves(x, positions);
    const [one, other] = tf.split(x, 2, -1);
    const turned = tf.concat([tf.neg(other), one], -1);
    const y = tf.add(tf.mul(x, cosine), tf.mul(turned, sine));
    return tf.transpose(
      y,
      order.map((_, axis) => order.indexOf(axis)),
    );
  }

  /** The axes with that of the steps second and that of the features last. */
  private order(rank: number): number[] {
    const {sequenceAxis, featureAxis} = this.options;
    const [steps, features] = [sequenceAxis, featureAxis].map((axis) => fromStart(axis, rank));
    const others = Array.from({length: rank}, (_, i) => i).filter(
      (axis) => axis !== steps && axis !== features,
    );
    return [...others.slice(0, 1), steps, ...others.slice(1), features];
  }

  /** Cosines and sines, each [batch or 1, steps, 1, …, features]. */
  private waves(x: tf.Tensor, positions?: tf.Tensor): tf.Tensor[] {
    const sizes: number[] = x.shape;
    const [steps, features] = [sizes[1], sizes[x.rank - 1]];
    const frequencies = inverseFrequencies(this.options, features);
    const both = [...frequencies, ...frequencies];
    const factor = yarnFactor(this.options);
    const shape = (batch: number) => [batch, steps, ...sizes.slice(2, -1).map(() => 1), features];
    const finish = (wave: tf.Tensor) => {
      const scaled = factor === 1 ? wave : tf.mul(wave, factor);
      return tf.reshape(scaled, shape(wave.rank > 2 ? (wave.shape[0] as number) : 1));
    };
    if (positions) {
      const angles = tf.mul(tf.expandDims(tf.cast(positions, 'float32'), -1), both);
      return [tf.cos(angles), tf.sin(angles)].map(finish);
    }
    const angle = (step: number, i: number) =>
      Math.fround((step + this.options.startIndex) * both[i]);
    const table = (wave: (angle: number) => number) =>
      tf.tensor2d(
        Array.from({length: steps}, (_, step) => both.map((_, i) => wave(angle(step, i)))),
        [steps, features],
      );
    return [table(Math.cos), table(Math.sin)].map(finish);
  }
}
