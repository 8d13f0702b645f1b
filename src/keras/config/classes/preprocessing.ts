import {CenterCrop, RandomCrop, Resizing} from '../../layers/images/layers.js';
import {randomImageLayers} from '../../layers/images/random.js';
import {CategoryEncoding} from '../../layers/preprocessing/category_encoding.js';
import {Normalization, Rescaling} from '../../layers/preprocessing/scaling.js';
import type {SavedLayer} from '../saved.js';
import type {KerasVersion} from '../version.js';
import {type KerasClass, type KerasClasses, renamed} from './row.js';

/** Keras 2 hands no mask on through a preprocessing layer, Keras 3 through these two. */
const passesIn3: KerasClass = {masks: {'3.0': 'passes'}};

/** Keras 3 notes down `training=True`, the default of their calls, but its `predict` says false. */
const ofImages: KerasClass = {ignored: ['training']};

const random = Object.entries(randomImageLayers).map(([name, layer]) => [
  name,
  {...ofImages, layer},
]);

export const preprocessing: KerasClasses = {
  CategoryEncoding: {
    layer: CategoryEncoding,
    options: {max_tokens: renamed('num_tokens')}, // so Keras 2 at first
    tensors: ['inputs', 'count_weights'],
  },
  CenterCrop: {...ofImages, layer: CenterCrop},
  Normalization: {...passesIn3, layer: Normalization},
  RandomCrop: {...ofImages, layer: RandomCrop, refuses: cropsInTraining},
  Rescaling: {...passesIn3, layer: Rescaling},
  Resizing: {...ofImages, layer: Resizing},
  ...Object.fromEntries(random),
};

/** Keras 2 resizes the images in inference; Keras 3 leaves them, against the shape that it states. */
function cropsInTraining(_saved: SavedLayer, {major}: KerasVersion): string | undefined {
  if (major < 3) return undefined;
  return 'Keras 3 crops in training alone. In Python put a CenterCrop or a Resizing in its place.';
}
