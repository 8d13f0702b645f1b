import {CustomScaleLayer} from '../../layers/core/custom_scale_layer.js';
import {EinsumDense} from '../../layers/core/einsum_dense.js';
import {Identity} from '../../layers/core/identity.js';
import {LayerScale} from '../../layers/core/layer_scale.js';
import {Masking} from '../../layers/core/masking.js';
import {ReversibleEmbedding} from '../../layers/core/reversible_embedding.js';
import {SpectralNormalization} from '../../layers/core/spectral_normalization.js';
import {AttachMask, CombineMasks, MaskOf} from '../../layers/masks.js';
import {KerasOperation} from '../../operations/keras_operation.js';
import type {Json, SavedLayer} from '../saved.js';
import {inVersion} from '../version.js';
import {type KerasClass, type KerasClasses, type OptionRule, only} from './row.js';
import {truncatesSince} from './truncating.js';

/** A text that is no word: tfjs changes the case of all texts of a config but those called a name. */
const asText: OptionRule = {value: (text: Json) => (text == null ? null : {name: text})};

/** A class whose layers run what is in no file of Keras. */
const runs = (what: string): KerasClass => ({
  absent: () =>
    `it runs ${what}, which the file does not hold. In Python, write operations of keras.ops in its ` +
    'place, or a class of layers of your own, and save the model anew.',
});

const reversible: KerasClass = {
  layer: ReversibleEmbedding,
  options: {reverse_dtype: only(null, 'float32')},
  callOptions: ['reverse'],
  mixedCalls: reverseRanks,
  masks: 'makes',
  masksIf: 'mask_zero',
  masksUnless: 'reverse',
};

export const core: KerasClasses = {
  CustomScaleLayer: {layer: CustomScaleLayer}, // of keras.applications.inception_resnet_v2
  Dense: {masks: 'passes'},
  Embedding: {masks: 'makes', masksIf: 'mask_zero'},
  EinsumDense: {
    layer: EinsumDense,
    options: {equation: asText, bias_axes: asText},
    adds: (_config, version) => ({
      guesses_bias_axis: inVersion({'2.0': false, '3.10': true}, version),
    }),
  },
  FlaxLayer: runs('a module of Flax'),
  Identity: {layer: Identity, masks: {'3.0': 'passes'}, returnsInput: true},
  JaxLayer: runs('a function of JAX'),
  Lambda: runs('a function of Python'),
  LayerScale: {layer: LayerScale}, // of keras.applications.convnext
  Masking: {layer: Masking, masks: 'makes'},
  ReversibleEmbedding: reversible,
  SpectralNormalization: {
    ...truncatesSince('3.0'),
    layer: SpectralNormalization,
    wraps: 'layer',
    holds: ['layer'],
    repeats: ['kernel', 'embeddings'],
    masks: {'3.0': 'held'}, // its layer sets it on the tensor that it hands on
  },
  TFSMLayer: runs('a SavedModel'),
  TorchModuleWrapper: runs('a module of PyTorch'),

  // Not of Keras: what the loader adds to a model (`../masks/`)
  AttachMask: {layer: AttachMask},
  CombineMasks: {layer: CombineMasks},
  KerasOperation: {layer: KerasOperation},
  MaskOf: {layer: MaskOf},
};

/** Calls to and fro differ in the rank of what they are given, unless both are of one vector each. */
function reverseRanks({inbound_nodes = []}: SavedLayer): Json | undefined {
  const calls = inbound_nodes.map(({args, kwargs}) => ({
    rank: (args?.[0] ?? kwargs?.inputs)?.config?.shape?.length as number | undefined,
    isReverse: kwargs?.reverse === true,
  }));
  const ranks = (isReverse: boolean) =>
    calls.filter((call) => call.isReverse === isReverse).map(({rank}) => rank);
  const [back, forth] = [ranks(true), ranks(false)];
  const isClear = !back.some((rank) => rank === undefined || forth.includes(rank));
  return isClear && !forth.includes(undefined) ? {reverse_ranks: back} : undefined;
}
