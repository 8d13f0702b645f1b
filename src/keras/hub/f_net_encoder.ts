import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {LayerNormalization} from '../../layers/layer_normalization.js';
import type {CallArgs} from '../layers/options_layer.js';
import {transform2d} from '../operations/fourier.js';
import {built, type HubArgs, HubLayer, run, savedDense} from './hub_layer.js';
import {type TransformerOptions, transformerDefaults} from './transformer_layer.js';

type FNetOptions = Omit<TransformerOptions, 'numHeads' | 'normalizeFirst' | 'zeroUnseeing'>;

/**
 * An encoder's block without attention: what mixes the steps is the real part of a Fourier transform
 * over steps and features. Argument: `inputs` [batch, steps, features]. Output: their shape.
 *
 * Source: keras_hub.layers.FNetEncoder; Lee-Thorp et al. 2021 (arXiv 2105.03824).
 */
export class FNetEncoder extends HubLayer<FNetOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>FNetEncoder';

  private mixingLayerNorm!: layers.Layer;
  private outputLayerNorm!: layers.Layer;
  private intermediateDense!: layers.Layer;
  private outputDense!: layers.Layer;
  private readonly outputDropout: layers.Layer;

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<FNetOptions>) {
    const {numHeads: _, normalizeFirst: __, zeroUnseeing: ___, ...defaults} = transformerDefaults;
    super(args, defaults, ['inputs']);
    this.outputDropout = layers.dropout({name: 'output_dropout', rate: this.options.dropout});
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), ...savedDense(this.options.activation, this.options)};
  }

  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {intermediateDim, activation, layerNormEpsilon: epsilon} = this.options;
    const {kernelInitializer, biasInitializer} = this.options;
    const initializers = {kernelInitializer, biasInitializer};
    const norm = (name: string) => built(new LayerNormalization({name, epsilon}), shape);
    this.mixingLayerNorm = norm('mixing_layer_norm');
    this.outputLayerNorm = norm('output_layer_norm');
    this.intermediateDense = built(
      layers.dense({
        name: 'intermediate_dense',
        units: intermediateDim,
        activation: activation as 'relu',
        ...initializers,
      }),
      shape,
    );
    this.outputDense = built(
      layers.dense({name: 'output_dense', units: shape.at(-1) as number, ...initializers}),
      [...shape.slice(0, -1), intermediateDim],
    );
  }

  protected override compute({inputs}: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const [mixed] = transform2d([inputs, tf.zerosLike(inputs)], false);
    const x = run(this.mixingLayerNorm, tf.add(inputs, mixed), kwargs);
    const between = run(this.intermediateDense, x, kwargs);
    const y = run(this.outputDropout, run(this.outputDense, between, kwargs), kwargs);
    return run(this.outputLayerNorm, tf.add(x, y), kwargs);
  }
}
