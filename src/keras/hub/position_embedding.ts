import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import type {DenseOptions} from '../layers/dense_options.js';
import {addWeightOf, resolveWeightKinds} from '../layers/weight_kinds.js';
import {type HubArgs, HubLayer} from './hub_layer.js';

interface PositionOptions {
  /** The most steps that an input may have. */
  sequenceLength: number;
  initializer: DenseOptions['kernelInitializer'];
  /** The position of the first step. An argument of the call in Keras. Default: 0. */
  startIndex: number;
}

/**
 * A learned vector for each position, to be added to what is at that position. Arguments: `inputs`
 * [batch, steps, features], and `positions` [batch, steps] in place of 0, 1, 2, …. Output: the shape
 * of the inputs.
 *
 * Source: keras_hub.layers.PositionEmbedding.
 */
export class PositionEmbedding extends HubLayer<PositionOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>PositionEmbedding';

  private readonly kinds: ReturnType<typeof resolveWeightKinds<'embeddings'>>;
  private embeddings!: LayerVariable;

  /** @throws Error An input that the layer does not know, or an unknown initialiser. */
  constructor(args: HubArgs<PositionOptions>) {
    const defaults = {sequenceLength: 0, initializer: 'glorotUniform' as const, startIndex: 0};
    super(args, defaults, ['inputs', 'positions']);
    const {initializer} = this.options;
    const given = {embeddingsInitializer: initializer};
    this.kinds = resolveWeightKinds(given, {embeddings: 'glorotUniform'});
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), initializer: this.kinds.saved.embeddingsInitializer};
  }

  /** @throws Error The input has more steps than there are positions. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {sequenceLength, startIndex} = this.options;
    const steps = shape.at(-2) ?? 0;
    if (!this.has('positions') && startIndex + steps > sequenceLength) {
      throw this.error(`it has ${sequenceLength} positions, but its input ${steps} steps.`);
    }
    const sizes = [sequenceLength, shape.at(-1) as number];
    this.embeddings = addWeightOf(this, this.kinds.kinds.embeddings, 'embeddings', sizes);
  }

  protected override compute({inputs, positions}: Record<string, tf.Tensor>): tf.Tensor {
    const weights = this.embeddings.read();
    if (positions) {
      const embedded = tf.gather(weights, tf.cast(positions, 'int32'));
      return tf.broadcastTo(embedded, inputs.shape);
    }
    const {startIndex, sequenceLength} = this.options;
    const [steps, features] = inputs.shape.slice(-2);
    if (startIndex + steps > sequenceLength) {
      throw this.error(`it has ${sequenceLength} positions, but its input ${steps} steps.`);
    }
    const embedded = tf.slice(weights, [startIndex, 0], [steps, features]);
    // By a product, whose gradient tfjs has on every backend for inputs of every rank.
    return tf.mul(tf.onesLike(inputs), embedded);
  }
}
