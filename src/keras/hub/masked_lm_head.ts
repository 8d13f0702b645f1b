import * as tf from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {LayerNormalization} from '../../layers/layer_normalization.js';
import {
  type Activation,
  type ActivationOption,
  resolveActivation,
} from '../layers/activations/resolve.js';
import type {DenseOptions} from '../layers/dense_options.js';
import {type CallArgs, shapesOf} from '../layers/options_layer.js';
import {addWeightOf, resolveWeightKinds, type WeightKinds} from '../layers/weight_kinds.js';
import {product} from '../operations/product.js';
import {built, type HubArgs, HubLayer, run, savedDense} from './hub_layer.js';

interface HeadOptions {
  vocabularySize: number;
  /** Default: relu. */
  intermediateActivation: ActivationOption;
  /** The activation of the output. Default: none. */
  activation: ActivationOption;
  /** Default: 1e-5. */
  layerNormEpsilon: number;
  kernelInitializer: DenseOptions['kernelInitializer'];
  biasInitializer: DenseOptions['biasInitializer'];
}

/**
 * What stands at masked positions: a score for each token of the vocabulary. Arguments: `inputs`
 * [batch, steps, features] and `maskPositions` [batch, masks]. Output: [batch, masks, vocabularySize].
 *
 * Source: keras_hub.layers.MaskedLMHead, without `token_embedding`.
 */
export class MaskedLMHead extends HubLayer<HeadOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>MaskedLMHead';

  private readonly kinds: WeightKinds<'kernel' | 'bias'>;
  private readonly outputActivation: Activation;
  private intermediateDense!: layers.Layer;
  private intermediateLayerNorm!: layers.Layer;
  private outputKernel!: LayerVariable;
  private outputBias!: LayerVariable;

  /** @throws Error An input that the layer does not know, or an unknown activation or initialiser. */
  constructor(args: HubArgs<HeadOptions>) {
    const defaults: HeadOptions = {
      vocabularySize: 0,
      intermediateActivation: 'relu',
      activation: 'linear',
      layerNormEpsilon: 1e-5,
      kernelInitializer: 'glorotUniform',
      biasInitializer: 'zeros',
    };
    super(args, defaults, ['inputs', 'maskPositions']);
    this.kinds = resolveWeightKinds(this.options, {kernel: 'glorotUniform', bias: 'zeros'});
    this.outputActivation = resolveActivation(this.options.activation);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...(shapesOf(inputShape).at(-1) as Shape), this.options.vocabularySize];
  }

  override computeMask(): tf.Tensor {
    return null as unknown as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {activation, intermediateActivation} = this.options;
    return {
      ...super.getConfig(),
      ...savedDense(activation, this.options),
      intermediateActivation: resolveActivation(intermediateActivation).getClassName(),
    };
  }

  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {options} = this;
    const {kernelInitializer, biasInitializer, vocabularySize, layerNormEpsilon} = options;
    const width = shape.at(-1) as number;
    this.intermediateDense = built(
      layers.dense({
        name: 'intermediate_dense',
        units: width,
        activation: options.intermediateActivation as 'relu',
        kernelInitializer,
        biasInitializer,
      }),
      shape,
    );
    const norm = {name: 'intermediate_layer_norm', epsilon: layerNormEpsilon};
    this.intermediateLayerNorm = built(new LayerNormalization(norm), shape);
    const {kernel, bias} = this.kinds.kinds;
    this.outputKernel = addWeightOf(this, kernel, 'output_kernel', [width, vocabularySize]);
    this.outputBias = addWeightOf(this, bias, 'output_bias', [vocabularySize]);
  }

  protected override compute(given: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const {inputs} = given;
    const [batch, steps, width] = inputs.shape;
    const positions = tf.cast(given.maskPositions, 'int32');
    const isFromEnd = tf.cast(tf.less(positions, 0), 'int32');
    const fromStart = tf.add(positions, tf.mul(isFromEnd, tf.scalar(steps, 'int32')));
    // A product, whose gradient tfjs has on every backend.
    const chosen = tf.matMul(tf.oneHot(fromStart, steps), inputs);
    const x = run(this.intermediateLayerNorm, run(this.intermediateDense, chosen, kwargs), kwargs);
    const rows = tf.reshape(x, [-1, width]);
    const scores = product(rows, this.outputKernel.read(), {bias: this.outputBias.read()});
    const shape = [batch, positions.shape[1] as number, this.options.vocabularySize];
    return this.outputActivation.apply(tf.reshape(scores, shape));
  }
}
