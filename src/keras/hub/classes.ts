/**
 * The rows of KerasHub's classes, as those of Keras in `../config/classes/`. To add a layer, write its
 * class beside this file and its row here.
 */

import {attention, zeroUnseeing} from '../config/classes/attention.js';
import {core} from '../config/classes/core.js';
import {type KerasClass, type KerasClasses, only, renamed} from '../config/classes/row.js';
import type {Json, SavedLayer} from '../config/saved.js';
import {RMSNormalization} from '../layers/normalization.js';
import {FNetEncoder} from './f_net_encoder.js';
import {GatedDecoder} from './gated_decoder.js';
import {MaskedLMHead} from './masked_lm_head.js';
import {PositionEmbedding} from './position_embedding.js';
import {RotaryEmbedding} from './rotary_embedding.js';
import {ScaleNormalization} from './scale_normalization.js';
import {SinePositionEncoding} from './sine_position_encoding.js';
import {TokenAndPositionEmbedding} from './token_and_position_embedding.js';
import {TransformerDecoder} from './transformer_decoder.js';
import {TransformerEncoder} from './transformer_encoder.js';
import {ViTEncoder} from './vit_encoder.js';
import {ViTPatchingAndEmbedding} from './vit_patching_and_embedding.js';

/** Keras sets the option when it saves; tfjs builds the layer on its inputs. */
const forgotten = {value: () => undefined};

const feedforward = [
  'feedforward_intermediate_dense',
  'feedforward_output_dense',
  'feedforward_layer_norm',
];

const positions: KerasClass = {
  tensors: ['inputs', 'positions'],
  namesInputs: true,
  callOptions: ['start_index'],
  callDefaults: {start_index: 0},
};

const scaleNorm: KerasClass = {layer: ScaleNormalization, tensors: ['inputs'], namesInputs: true};

/** @param added gives the options of `GatedDecoder` that the class in Python does not save under these names */
function gatedDecoder(
  added: (config: SavedLayer['config']) => Record<string, Json>,
  others: Partial<KerasClass> = {},
): KerasClass {
  return {
    layer: GatedDecoder,
    adds: (config, version, saved) => ({...zeroUnseeing(config, version), ...added(saved.config)}),
    tensors: ['decoder_sequence', 'decoder_padding_mask', 'decoder_attention_mask'],
    namesInputs: true,
    usesMask: 'own',
    ...others,
  };
}

const gemmaDecoder = (added: Record<string, Json>, others: Partial<KerasClass> = {}): KerasClass =>
  gatedDecoder(
    (config) => ({
      family: 'gemma',
      activation: 'gelu_approximate',
      ...added,
      sliding_window: config.use_sliding_window_attention ? config.sliding_window_size : null,
    }),
    {tensors: ['x', 'padding_mask'], usesMask: undefined, ...others},
  );

export const hubClasses: KerasClasses = {
  'KerasHub>FNetEncoder': {
    layer: FNetEncoder,
    tensors: ['inputs'],
    namesInputs: true,
    holds: ['mixing_layer_norm', 'output_layer_norm', 'intermediate_dense', 'output_dense'],
  },
  'KerasHub>GemmaDecoderBlock': gemmaDecoder({gate_dim_reduction: 2}),
  'KerasHub>Gemma3DecoderBlock': gemmaDecoder(
    {},
    {
      options: {
        use_bidirectional_attention: only(false),
        rope_wavelength: renamed('rope_max_wavelength'),
      },
    },
  ),
  'KerasHub>MistralTransformerDecoder': gatedDecoder(() => ({}), {masks: 'passes'}),
  'KerasHub>Phi3Decoder': gatedDecoder(() => ({family: 'phi3'}), {
    options: {rope_scaling_type: only(null)},
  }),
  // Qwen and Qwen3 do not save their sliding window, nor Qwen3 the width of its heads: by default there is
  // no window, and weights of another width are refused.
  'KerasHub>QwenTransformerDecoder': gatedDecoder(() => ({use_bias: true}), {masks: 'passes'}),
  'KerasHub>Qwen3TransformerDecoder': gatedDecoder(() => ({use_query_key_norm: true}), {
    masks: 'passes',
  }),
  'KerasHub>MistralLayerNormalization': scaleNorm,
  'KerasHub>Phi3LayerNorm': scaleNorm,
  'KerasHub>QwenLayerNorm': scaleNorm,
  'KerasHub>Qwen3LayerNorm': scaleNorm,
  'KerasHub>RMSNormalization': {
    ...scaleNorm,
    adds: () => ({adds_one: true}),
    namesake: RMSNormalization,
  },
  'KerasHub>CachedMultiHeadAttention': {
    layer: attention.MultiHeadAttention.layer,
    options: attention.MultiHeadAttention.options,
    adds: zeroUnseeing,
    // Its call has no masks by the inputs' names, so that Keras fills none in.
    tensors: ['query', 'value', 'key', 'attention_mask'],
    namesInputs: true,
    masks: 'passes',
  },
  'KerasHub>MaskedLMHead': {
    layer: MaskedLMHead,
    refuses: ({config}) =>
      config.token_embedding
        ? 'it shares the matrix of an embedding, token_embedding, which a layer of tfjs cannot. ' +
          'In Python call that embedding itself with reverse=True.'
        : undefined,
    options: {token_embedding: forgotten},
    tensors: ['inputs', 'mask_positions'],
    namesInputs: true,
    holds: ['intermediate_dense', 'intermediate_layer_norm'],
  },
  'KerasHub>PositionEmbedding': {...positions, layer: PositionEmbedding},
  'KerasHub>ReversibleEmbedding': core.ReversibleEmbedding,
  'KerasHub>RotaryEmbedding': {...positions, layer: RotaryEmbedding},
  'KerasHub>SinePositionEncoding': {...positions, layer: SinePositionEncoding},
  'KerasHub>TokenAndPositionEmbedding': {
    ...positions,
    layer: TokenAndPositionEmbedding,
    holds: ['token_embedding', 'position_embedding'],
    masks: 'makes',
    masksIf: 'mask_zero',
  },
  'KerasHub>TransformerDecoder': {
    layer: TransformerDecoder,
    options: {decoder_sequence_shape: forgotten, encoder_sequence_shape: forgotten},
    adds: zeroUnseeing,
    tensors: [
      ...['decoder_sequence', 'encoder_sequence'],
      ...['decoder_padding_mask', 'decoder_attention_mask'],
      ...['encoder_padding_mask', 'encoder_attention_mask'],
    ],
    namesInputs: true,
    callOptions: ['use_causal_mask'],
    callDefaults: {use_causal_mask: true},
    masks: 'passes',
    usesMask: 'own',
    holds: [
      ...['self_attention_layer', 'self_attention_layer_norm'],
      ...['cross_attention_layer', 'cross_attention_layer_norm'],
      ...feedforward,
    ],
  },
  'KerasHub>TransformerEncoder': {
    layer: TransformerEncoder,
    adds: zeroUnseeing,
    tensors: ['inputs', 'padding_mask', 'attention_mask'],
    namesInputs: true,
    masks: 'passes',
    usesMask: 'own',
    takesMasksOff: attention.MultiHeadAttention.takesMasksOff, // its attention is given its input
    leavesMasksIf: 'normalize_first',
    holds: [
      ...['self_attention_layer', 'self_attention_layer_norm', 'feedforward_layer_norm'],
      ...feedforward.slice(0, 2),
    ],
  },
  'KerasHub>ViTEncoder': {
    layer: ViTEncoder,
    tensors: ['inputs'],
    namesInputs: true,
    holds: ['encoder_layers', 'layer_norm'],
  },
  'KerasHub>ViTPatchingAndEmbedding': {
    layer: ViTPatchingAndEmbedding,
    tensors: ['inputs'],
    namesInputs: true,
    holds: ['patch_embedding', 'position_embedding'],
  },
};
