import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import {product} from '../../operations/product.js';
import type {DenseOptions} from '../dense_options.js';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';
import {addWeightOf, resolveWeightKinds, type WeightKinds} from '../weight_kinds.js';

interface ReversibleOptions {
  inputDim: number;
  outputDim: number;
  /** Whether the way back has the transposed matrix, and not one of its own. Default: true. */
  tieWeights: boolean;
  maskZero: boolean;
  /** The way back gives tanh(y / cap)·cap. Default: null. */
  logitSoftCap: number | null;
  /** Goes the way back. An argument of the call in Keras. Default: false. */
  reverse: boolean;
  /** The ranks of inputs for which it goes the way back, where calls differ. Default: none. */
  reverseRanks: number[];
}

type ReversibleArgs = ArgsOf<ReversibleOptions> & {
  embeddingsInitializer?: DenseOptions['kernelInitializer'];
  embeddingsRegularizer?: DenseOptions['kernelRegularizer'];
  embeddingsConstraint?: DenseOptions['kernelConstraint'];
};

/**
 * An embedding that also leads back, from vectors to a score for each of the numbers embedded:
 * [batch, steps] → [batch, steps, outputDim], or in reverse [batch, steps, outputDim] →
 * [batch, steps, inputDim].
 *
 * Source: keras.layers.ReversibleEmbedding; Press, Wolf 2016 (arXiv 1608.05859).
 */
export class ReversibleEmbedding extends OptionsLayer<ReversibleOptions> {
  /** @nocollapse */
  static className = 'ReversibleEmbedding';

  private readonly weightKinds: WeightKinds<'embeddings'>;
  private embeddings!: LayerVariable;
  private reverseEmbeddings?: LayerVariable;

  /** @throws Error An initialiser, regulariser or constraint of an unknown name. */
  constructor(args: ReversibleArgs) {
    super(args, {
      inputDim: 0,
      outputDim: 0,
      tieWeights: true,
      maskZero: false,
      logitSoftCap: null,
      reverse: false,
      reverseRanks: [],
    });
    this.weightKinds = resolveWeightKinds(args, {embeddings: 'randomUniform'});
  }

  override build(): void {
    const {inputDim, outputDim, tieWeights} = this.options;
    const {embeddings} = this.weightKinds.kinds;
    this.embeddings = addWeightOf(this, embeddings, 'embeddings', [inputDim, outputDim]);
    if (!tieWeights) {
      const {kinds} = resolveWeightKinds(
        {reverseInitializer: this.weightKinds.saved.embeddingsInitializer},
        {reverse: 'randomUniform'},
      );
      const sizes = [outputDim, inputDim];
      this.reverseEmbeddings = addWeightOf(this, kinds.reverse, 'reverse_embeddings', sizes);
    }
    this.built = true;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), ...this.weightKinds.saved};
  }

  /** 1 where the number is not 0, if `maskZero` is set and the way is not back. */
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat();
    const isMasked = this.options.maskZero && !this.isReverse(x.rank);
    return (isMasked ? tf.notEqual(x, tf.scalar(0, x.dtype)) : null) as tf.Tensor;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const {logitSoftCap} = this.options;
    const matrix = this.embeddings.read();
    if (!this.isReverse(x.rank)) return tf.gather(matrix, tf.cast(x, 'int32'));
    const rows = tf.reshape(x, [-1, this.options.outputDim]);
    const scores = this.reverseEmbeddings
      ? product(rows, this.reverseEmbeddings.read())
      : product(rows, matrix, {transposeB: true});
    const shaped = tf.reshape(scores, [...x.shape.slice(0, -1), this.options.inputDim]);
    if (logitSoftCap === null) return shaped;
    return tf.mul(tf.tanh(tf.div(shaped, logitSoftCap)), logitSoftCap);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {inputDim, outputDim} = this.options;
    return this.isReverse(shape.length) ? [...shape.slice(0, -1), inputDim] : [...shape, outputDim];
  }

  private isReverse(rank: number): boolean {
    return this.options.reverse || this.options.reverseRanks.includes(rank);
  }
}
