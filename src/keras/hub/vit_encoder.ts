import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {LayerNormalization} from '../../layers/layer_normalization.js';
import {MultiHeadAttention} from '../layers/attention/multi_head_attention.js';
import type {CallArgs} from '../layers/options_layer.js';
import {built, type HubArgs, HubLayer, run} from './hub_layer.js';

interface BlockOptions {
  numHeads: number;
  hiddenDim: number;
  /** Width of the dense network between its two layers. */
  mlpDim: number;
  /** Default: true. */
  useMhaBias: boolean;
  /** Default: true. */
  useMlpBias: boolean;
  /** Default: 0. */
  dropoutRate: number;
  /** Default: 0. */
  attentionDropout: number;
  /** Default: 1e-6. */
  layerNormEpsilon: number;
}

const blockDefaults: BlockOptions = {
  numHeads: 0,
  hiddenDim: 0,
  mlpDim: 0,
  useMhaBias: true,
  useMlpBias: true,
  dropoutRate: 0,
  attentionDropout: 0,
  layerNormEpsilon: 1e-6,
};

/** Two dense layers, with a dropout after each. */
class MLP extends HubLayer<
  Pick<BlockOptions, 'hiddenDim' | 'mlpDim' | 'useMlpBias' | 'dropoutRate'>
> {
  /** @nocollapse */
  static override className = 'KerasHub>MLP';
  static override innerLayers = ['dense1', 'dense2'];

  private dense1!: layers.Layer;
  private dense2!: layers.Layer;
  private readonly dropout = layers.dropout({name: 'dropout', rate: this.options.dropoutRate});

  constructor(args: HubArgs<BlockOptions>) {
    super(args, {hiddenDim: 0, mlpDim: 0, useMlpBias: true, dropoutRate: 0}, ['inputs']);
  }

  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {hiddenDim, mlpDim, useMlpBias: useBias} = this.options;
    // tfjs's own names for activations have not the exact one.
    const activation = 'gelu' as 'relu';
    this.dense1 = built(layers.dense({name: 'dense_1', units: mlpDim, useBias, activation}), shape);
    const between = [...shape.slice(0, -1), mlpDim];
    this.dense2 = built(layers.dense({name: 'dense_2', units: hiddenDim, useBias}), between);
  }

  protected override compute({inputs}: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const between = run(this.dropout, run(this.dense1, inputs, kwargs), kwargs);
    return run(this.dropout, run(this.dense2, between, kwargs), kwargs);
  }
}

/** A block of the encoder: attention, then two dense layers, what each is given normalised before. */
class ViTEncoderBlock extends HubLayer<BlockOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>ViTEncoderBlock';
  static override innerLayers = ['layerNorm1', 'mha', 'layerNorm2', 'mlp'];

  private layerNorm1!: layers.Layer;
  private mha!: layers.Layer;
  private layerNorm2!: layers.Layer;
  private mlp!: layers.Layer;
  private readonly dropout = layers.dropout({name: 'dropout', rate: this.options.dropoutRate});

  constructor(args: HubArgs<BlockOptions>) {
    super(args, blockDefaults, ['inputs']);
  }

  /** @throws Error There are more heads than features. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {numHeads, hiddenDim, useMhaBias, attentionDropout, layerNormEpsilon} = this.options;
    const norm = (name: string) =>
      built(new LayerNormalization({name, epsilon: layerNormEpsilon}), shape);
    this.layerNorm1 = norm('ln_1');
    this.mha = built(
      new MultiHeadAttention({
        name: 'mha',
        numHeads,
        keyDim: Math.floor(hiddenDim / numHeads),
        useBias: useMhaBias,
        dropout: attentionDropout,
        inputNames: [['query', 'value']],
      }),
      shape,
    );
    this.layerNorm2 = norm('ln_2');
    this.mlp = built(new MLP({...this.options, name: 'mlp'}), shape);
  }

  protected override compute({inputs}: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const attended = run(this.mha, run(this.layerNorm1, inputs, kwargs), kwargs);
    const x = tf.add(run(this.dropout, attended, kwargs), inputs);
    return tf.add(x, run(this.mlp, run(this.layerNorm2, x, kwargs), kwargs));
  }
}

/**
 * The encoder of a vision transformer: blocks of attention and two dense layers, and a normalisation
 * at the end. Argument: `inputs` [batch, patches, hiddenDim]. Output: their shape.
 *
 * Source: keras_hub.src.models.vit; Dosovitskiy et al. 2020 (arXiv 2010.11929).
 */
export class ViTEncoder extends HubLayer<BlockOptions & {numLayers: number}> {
  /** @nocollapse */
  static override className = 'KerasHub>ViTEncoder';

  private encoderLayers: ViTEncoderBlock[] = [];
  private layerNorm!: layers.Layer;
  private readonly dropout = layers.dropout({name: 'dropout', rate: this.options.dropoutRate});

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<BlockOptions & {numLayers: number}>) {
    super(args, {...blockDefaults, numLayers: 0}, ['inputs']);
  }

  /** @throws Error There are more heads than features. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {numLayers, layerNormEpsilon: epsilon} = this.options;
    this.encoderLayers = Array.from({length: numLayers}, (_, i) =>
      built(new ViTEncoderBlock({...this.options, name: `transformer_block_${i + 1}`}), shape),
    );
    this.layerNorm = built(new LayerNormalization({name: 'ln', epsilon}), shape);
  }

  protected override compute({inputs}: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const x = run(this.dropout, inputs, kwargs);
    const y = this.encoderLayers.reduce((given, block) => run(block, given, kwargs), x);
    return run(this.layerNorm, y, kwargs);
  }
}
