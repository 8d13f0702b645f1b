import {EinsumDense} from '../../layers/core/einsum_dense.js';
import {FirstOf} from '../../layers/core/first_of.js';
import {Identity} from '../../layers/core/identity.js';
import {LayerScale} from '../../layers/core/layer_scale.js';
import {SpectralNormalization} from '../../layers/core/spectral_normalization.js';
import {AttachMask, CombineMasks, MaskOf} from '../../layers/masks.js';
import {KerasOperation} from '../../operations/keras_operation.js';
import type {Json} from '../saved.js';
import {inVersion} from '../version.js';
import type {KerasClass, KerasClasses, OptionRule} from './row.js';

/** A text that is no word: tfjs changes the case of all texts of a config but those called a name. */
const asText: OptionRule = {value: (text: Json) => (text == null ? null : {name: text})};

/** A class whose layers run what is in no file of Keras. */
const runs = (what: string): KerasClass => ({
  absent: () =>
    `it runs ${what}, which the file does not hold. In Python, write operations of keras.ops in its ` +
    'place, or a class of layers of your own, and save the model anew.',
});

export const core: KerasClasses = {
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
  Masking: {masks: 'makes'},
  SpectralNormalization: {
    layer: SpectralNormalization,
    wraps: 'layer',
    holds: ['layer'],
    repeats: ['kernel', 'embeddings'],
  },
  TFSMLayer: runs('a SavedModel'),
  TorchModuleWrapper: runs('a module of PyTorch'),

  // Not of Keras: what the loader adds to a model (`../masks/`, `../graph.ts`)
  AttachMask: {layer: AttachMask},
  CombineMasks: {layer: CombineMasks},
  FirstOf: {layer: FirstOf},
  KerasOperation: {layer: KerasOperation},
  MaskOf: {layer: MaskOf},
};
