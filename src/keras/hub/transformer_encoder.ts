import type * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import type {LayerNormalization} from '../../layers/layer_normalization.js';
import type {MultiHeadAttention} from '../layers/attention/multi_head_attention.js';
import type {AttentionInput} from '../layers/attention/named_inputs.js';
import type {CallArgs} from '../layers/options_layer.js';
import {type HubArgs, run} from './hub_layer.js';
import {mergeMasks, TransformerLayer, type TransformerOptions} from './transformer_layer.js';

/**
 * An encoder's block: attention of a sequence to itself, then a network of two dense layers. Arguments:
 * `inputs` [batch, steps, features], `paddingMask` [batch, steps] (in its place the mask that the
 * inputs carry, `inputsMask`) and `attentionMask` [batch, steps, steps]. Output: the shape of the
 * inputs, whose mask passes through.
 *
 * Source: keras_hub.layers.TransformerEncoder; Vaswani et al. 2017 (arXiv 1706.03762).
 */
export class TransformerEncoder extends TransformerLayer {
  /** @nocollapse */
  static override className = 'KerasHub>TransformerEncoder';

  private selfAttentionLayer!: MultiHeadAttention;
  private selfAttentionLayerNorm!: LayerNormalization;

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<TransformerOptions>) {
    super(args, {}, ['inputs', 'paddingMask', 'attentionMask', 'inputsMask']);
  }

  /** @throws Error There are more heads than features. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const names = this.attentionInputs();
    this.selfAttentionLayer = this.attention('self_attention_layer', [shape], names, false);
    this.selfAttentionLayerNorm = this.norm('self_attention_layer_norm', shape);
    this.buildFeedforward(shape);
  }

  protected override compute(given: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const {inputs, inputsMask, attentionMask, paddingMask = inputsMask} = given;
    const masks = mergeMasks(paddingMask, attentionMask);
    if (inputsMask) masks.push(inputsMask);
    const attended = this.part(inputs, this.selfAttentionLayerNorm, kwargs, (x) =>
      run(this.selfAttentionLayer, [x, ...masks], kwargs),
    );
    return this.feedforward(attended, kwargs);
  }

  /** In Keras the attention finds the mask that its query carries, beside the one that it is given. */
  private attentionInputs(): AttentionInput[][] {
    const names: AttentionInput[][] = [['query', 'value']];
    const isMasked = ['paddingMask', 'attentionMask', 'inputsMask'].some((name) => this.has(name));
    if (isMasked) names.push(['attentionMask']);
    if (this.has('inputsMask')) names.push(['queryMask', 'valueMask']);
    return names;
  }
}
