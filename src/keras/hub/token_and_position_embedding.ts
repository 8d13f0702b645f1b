import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {ReversibleEmbedding} from '../layers/core/reversible_embedding.js';
import type {DenseOptions} from '../layers/dense_options.js';
import type {CallArgs} from '../layers/options_layer.js';
import {resolveWeightKinds, type WeightKinds} from '../layers/weight_kinds.js';
import {built, type HubArgs, HubLayer, run} from './hub_layer.js';
import {PositionEmbedding} from './position_embedding.js';

interface TokenOptions {
  vocabularySize: number;
  /** The most steps that an input may have. */
  sequenceLength: number;
  embeddingDim: number;
  tieWeights: boolean;
  embeddingsInitializer: DenseOptions['kernelInitializer'];
  /** 0 stands for no token, and is masked. Default: false. */
  maskZero: boolean;
  /** The position of the first step. An argument of the call in Keras. Default: 0. */
  startIndex: number;
}

/**
 * The sum of a vector for each token and one for its position. Arguments: `inputs` [batch, steps], and
 * `positions` [batch, steps] in place of 0, 1, 2, …. Output: [batch, steps, embeddingDim].
 *
 * Source: keras_hub.layers.TokenAndPositionEmbedding.
 */
export class TokenAndPositionEmbedding extends HubLayer<TokenOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>TokenAndPositionEmbedding';

  private readonly kinds: WeightKinds<'embeddings'>;
  private readonly tokenEmbedding: ReversibleEmbedding;
  private readonly positionEmbedding: PositionEmbedding;

  /** @throws Error An input that the layer does not know, or an unknown initialiser. */
  constructor(args: HubArgs<TokenOptions>) {
    const sizes = {vocabularySize: 0, sequenceLength: 0, embeddingDim: 0, startIndex: 0};
    const others = {tieWeights: true, embeddingsInitializer: 'randomUniform', maskZero: false};
    super(args, {...sizes, ...others} as TokenOptions, ['inputs', 'positions']);
    const {embeddingsInitializer, ...options} = this.options;
    this.kinds = resolveWeightKinds({embeddingsInitializer}, {embeddings: 'randomUniform'});
    this.tokenEmbedding = new ReversibleEmbedding({
      name: 'token_embedding',
      inputDim: options.vocabularySize,
      outputDim: options.embeddingDim,
      tieWeights: options.tieWeights,
      embeddingsInitializer,
    });
    this.positionEmbedding = new PositionEmbedding({
      name: 'position_embedding',
      sequenceLength: options.sequenceLength,
      startIndex: options.startIndex,
      initializer: embeddingsInitializer,
      inputNames: this.has('positions') ? [['inputs'], ['positions']] : null,
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...super.computeOutputShape(inputShape), this.options.embeddingDim];
  }

  /** 1 where there is a token, if `maskZero` is set. */
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [tokens] = [inputs].flat();
    const isMasked = this.options.maskZero;
    return (isMasked ? tf.notEqual(tokens, tf.scalar(0, tokens.dtype)) : null) as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {embeddingsInitializer} = this.kinds.saved;
    return {...super.getConfig(), embeddingsInitializer};
  }

  /** @throws Error The input has more steps than there are positions. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    built(this.tokenEmbedding, shape);
    built(this.positionEmbedding, [...shape, this.options.embeddingDim]);
  }

  protected override compute(given: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const tokens = run(this.tokenEmbedding, given.inputs, kwargs);
    const positions = given.positions ? [given.positions] : [];
    return tf.add(tokens, run(this.positionEmbedding, [tokens, ...positions], kwargs));
  }
}
