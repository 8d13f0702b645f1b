import type * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import type {LayerNormalization} from '../../layers/layer_normalization.js';
import type {MultiHeadAttention} from '../layers/attention/multi_head_attention.js';
import type {AttentionInput} from '../layers/attention/named_inputs.js';
import type {CallArgs} from '../layers/options_layer.js';
import {type HubArgs, run} from './hub_layer.js';
import {mergeMasks, TransformerLayer, type TransformerOptions} from './transformer_layer.js';

interface DecoderOptions extends TransformerOptions {
  /** Each position sees itself and those before it. An argument of the call in Keras. Default: true. */
  useCausalMask: boolean;
}

/** The arguments by which a sequence is masked; its own mask counts where there is no padding mask. */
const maskNames = (sequence: 'decoder' | 'encoder') => ({
  padding: `${sequence}PaddingMask`,
  attention: `${sequence}AttentionMask`,
  own: `${sequence}SequenceMask`,
});
const decoder = maskNames('decoder');
const encoder = maskNames('encoder');

/**
 * A decoder's block: attention of a sequence to what came before in it, attention to an encoder's
 * sequence if there is one, then a network of two dense layers. Arguments: `decoderSequence`
 * [batch, T, features], `encoderSequence` [batch, S, features], and for each a `…PaddingMask`
 * [batch, steps] (in its place the mask that the sequence carries, `…SequenceMask`) and an
 * `…AttentionMask` [batch, T, steps]. Output: the shape of the decoder's sequence, whose mask passes
 * through. There is no cache of earlier steps.
 *
 * Source: keras_hub.layers.TransformerDecoder; Vaswani et al. 2017 (arXiv 1706.03762).
 */
export class TransformerDecoder extends TransformerLayer<DecoderOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>TransformerDecoder';

  private selfAttentionLayer!: MultiHeadAttention;
  private selfAttentionLayerNorm!: LayerNormalization;
  private crossAttentionLayer?: MultiHeadAttention;
  private crossAttentionLayerNorm?: LayerNormalization;

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<DecoderOptions>) {
    const masks = [decoder, encoder].flatMap((names) => Object.values(names));
    super(args, {useCausalMask: true}, ['decoderSequence', 'encoderSequence', ...masks]);
  }

  /** @throws Error There are more heads than features. */
  protected override buildOn(shapes: Record<string, Shape>): void {
    const {decoderSequence: shape, encoderSequence} = shapes;
    const {useCausalMask} = this.options;
    const selfInputs = this.attentionInputs([['query', 'value']], decoder);
    this.selfAttentionLayer = this.attention('self_attention', [shape], selfInputs, useCausalMask);
    this.selfAttentionLayerNorm = this.norm('self_attention_layer_norm', shape);
    if (encoderSequence) {
      const both = [shape, encoderSequence];
      const crossInputs = this.attentionInputs([['query'], ['value']], encoder);
      this.crossAttentionLayer = this.attention('cross_attention', both, crossInputs, false);
      this.crossAttentionLayerNorm = this.norm('cross_attention_layer_norm', shape);
    }
    this.buildFeedforward(shape);
  }

  protected override compute(given: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const masks = ({padding, attention, own}: typeof decoder) =>
      mergeMasks(given[padding] ?? given[own], given[attention]);
    let y = this.part(given.decoderSequence, this.selfAttentionLayerNorm, kwargs, (x) =>
      run(this.selfAttentionLayer, [x, ...masks(decoder)], kwargs),
    );
    const {crossAttentionLayer, crossAttentionLayerNorm} = this;
    if (crossAttentionLayer && crossAttentionLayerNorm) {
      y = this.part(y, crossAttentionLayerNorm, kwargs, (x) =>
        run(crossAttentionLayer, [x, given.encoderSequence, ...masks(encoder)], kwargs),
      );
    }
    return this.feedforward(y, kwargs);
  }

  private attentionInputs(inputs: AttentionInput[][], masks: typeof decoder): AttentionInput[][] {
    const isMasked = Object.values(masks).some((name) => this.has(name));
    return isMasked ? [...inputs, ['attentionMask']] : inputs;
  }
}
