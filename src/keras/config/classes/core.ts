import {Identity} from '../../layers/core/identity.js';
import {AttachMask, CombineMasks, MaskOf} from '../../layers/masks.js';
import {KerasOperation} from '../../operations/keras_operation.js';
import type {KerasClasses} from './row.js';

export const core: KerasClasses = {
  Dense: {masks: 'passes'},
  Embedding: {masks: 'makes', masksIf: 'mask_zero'},
  Identity: {layer: Identity, masks: {'3.0': 'passes'}, returnsInput: true},
  Masking: {masks: 'makes'},

  // Not of Keras: what the loader adds to a model (`../masks/`)
  AttachMask: {layer: AttachMask},
  CombineMasks: {layer: CombineMasks},
  KerasOperation: {layer: KerasOperation},
  MaskOf: {layer: MaskOf},
};
