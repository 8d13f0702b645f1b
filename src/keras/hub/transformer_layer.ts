/** What the blocks of an encoder and of a decoder have in common. */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {LayerNormalization} from '../../layers/layer_normalization.js';
import type {ActivationOption} from '../layers/activations/resolve.js';
import {MultiHeadAttention} from '../layers/attention/multi_head_attention.js';
import type {AttentionInput} from '../layers/attention/named_inputs.js';
import type {DenseOptions} from '../layers/dense_options.js';
import type {CallArgs} from '../layers/options_layer.js';
import {built, type HubArgs, HubLayer, run, savedDense} from './hub_layer.js';

export interface TransformerOptions {
  /** Width of the feedforward network between its two layers. */
  intermediateDim: number;
  numHeads: number;
  /** Default: 0. */
  dropout: number;
  /** The activation of the feedforward network's first layer. Default: relu. */
  activation: ActivationOption;
  /** Default: 1e-5. */
  layerNormEpsilon: number;
  kernelInitializer: DenseOptions['kernelInitializer'];
  biasInitializer: DenseOptions['biasInitializer'];
  /** Normalise what each part is given, in place of what it gives. Default: false. */
  normalizeFirst: boolean;
  /** Whether a position that sees none takes nothing, as `MultiHeadAttention` has it. Default: false. */
  zeroUnseeing: boolean;
}

export const transformerDefaults: TransformerOptions = {
  intermediateDim: 0,
  numHeads: 0,
  dropout: 0,
  activation: 'relu',
  layerNormEpsilon: 1e-5,
  kernelInitializer: 'glorotUniform',
  biasInitializer: 'zeros',
  normalizeFirst: false,
  zeroUnseeing: false,
};

/** A block of parts with a residual connection and layer normalisation each, of which the last is dense. */
export abstract class TransformerLayer<
  Options extends TransformerOptions = TransformerOptions,
> extends HubLayer<Options> {
  protected feedforwardIntermediateDense!: layers.Layer;
  protected feedforwardOutputDense!: layers.Layer;
  protected feedforwardLayerNorm!: LayerNormalization;
  private readonly afterPart: layers.Layer;

  constructor(
    args: HubArgs<Options>,
    others: Omit<Options, keyof TransformerOptions>,
    names: readonly string[],
  ) {
    super(args, {...transformerDefaults, ...others} as Options, names);
    this.afterPart = layers.dropout({name: 'dropout', rate: this.options.dropout});
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), ...savedDense(this.options.activation, this.options)};
  }

  protected buildFeedforward(shape: Shape): void {
    const {intermediateDim, activation} = this.options;
    const dense = (name: string, units: number | null, options: object, from: Shape) => {
      const {kernelInitializer, biasInitializer} = this.options;
      const initializers = {kernelInitializer, biasInitializer};
      return built(layers.dense({name, units: units as number, ...initializers, ...options}), from);
    };
    this.feedforwardIntermediateDense = dense(
      'feedforward_intermediate_dense',
      intermediateDim,
      {activation},
      shape,
    );
    this.feedforwardOutputDense = dense('feedforward_output_dense', shape[shape.length - 1], {}, [
      ...shape.slice(0, -1),
      intermediateDim,
    ]);
    this.feedforwardLayerNorm = this.norm('feedforward_layer_norm', shape);
  }

  protected norm(name: string, shape: Shape): LayerNormalization {
    return built(new LayerNormalization({name, epsilon: this.options.layerNormEpsilon}), shape);
  }

  /**
   * @param shapes those of the query and, if it is another, of the value
   * @throws Error There are more heads than features.
   */
  protected attention(
    name: string,
    shapes: Shape[],
    inputNames: AttentionInput[][],
    useCausalMask: boolean,
  ): MultiHeadAttention {
    const {numHeads, dropout, kernelInitializer, biasInitializer, zeroUnseeing} = this.options;
    const width = shapes[0].at(-1) as number;
    const keyDim = Math.floor(width / numHeads);
    if (keyDim < 1) throw this.error(`${width} features cannot be shared by ${numHeads} heads.`);
    const options = {numHeads, keyDim, dropout, kernelInitializer, biasInitializer, zeroUnseeing};
    return built(new MultiHeadAttention({name, ...options, inputNames, useCausalMask}), ...shapes);
  }

  /** One of the parts, with its residual connection and its normalisation. */
  protected part(
    x: tf.Tensor,
    norm: LayerNormalization,
    kwargs: CallArgs,
    compute: (x: tf.Tensor) => tf.Tensor,
  ): tf.Tensor {
    const {normalizeFirst} = this.options;
    const y = compute(normalizeFirst ? run(norm, x, kwargs) : x);
    const sum = tf.add(run(this.afterPart, y, kwargs), x);
    return normalizeFirst ? sum : run(norm, sum, kwargs);
  }

  protected feedforward(x: tf.Tensor, kwargs: CallArgs): tf.Tensor {
    return this.part(x, this.feedforwardLayerNorm, kwargs, (given) => {
      const between = run(this.feedforwardIntermediateDense, given, kwargs);
      return run(this.feedforwardOutputDense, between, kwargs);
    });
  }
}

/**
 * Where both masks are 1. Masks may be bool or of numbers, which are cut down to whole ones, as in Keras.
 *
 * Source: `merge_padding_and_attention_mask` of keras_hub/src/layers/modeling/transformer_layer_utils.py
 *
 * @param padding [batch, S]
 * @param attention [batch, T, S]
 * @returns one mask, [batch, T or 1, S], float32; or none.
 */
export function mergeMasks(padding?: tf.Tensor, attention?: tf.Tensor): tf.Tensor[] {
  const masks = [padding && tf.expandDims(padding, 1), attention].flatMap((mask) => mask ?? []);
  if (!masks.length) return [];
  const whole = masks.map((mask) => tf.cast(mask, 'int32'));
  const least = whole.reduce((a, b) => tf.minimum(a, b));
  return [tf.cast(tf.cast(least, 'bool'), 'float32')];
}
