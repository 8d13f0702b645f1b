import {CenterCrop, RandomCrop, Resizing} from '../../layers/images/layers.js';
import {randomImageLayers} from '../../layers/images/random.js';
import {Normalization, Rescaling} from '../../layers/preprocessing/scaling.js';
import type {KerasClass, KerasClasses} from './row.js';

/** Keras 2 hands no mask on through a preprocessing layer, Keras 3 through these two. */
const passesIn3: KerasClass = {masks: {'3.0': 'passes'}};

/** Keras 3 notes down `training=True`, the default of their calls, but its `predict` says false. */
const ofImages: KerasClass = {ignored: ['training']};

const random = Object.entries(randomImageLayers).map(([name, layer]) => [
  name,
  {...ofImages, layer},
]);

export const preprocessing: KerasClasses = {
  CenterCrop: {...ofImages, layer: CenterCrop},
  Normalization: {...passesIn3, layer: Normalization},
  RandomCrop: {...ofImages, layer: RandomCrop},
  Rescaling: {...passesIn3, layer: Rescaling},
  Resizing: {...ofImages, layer: Resizing},
  ...Object.fromEntries(random),
};
