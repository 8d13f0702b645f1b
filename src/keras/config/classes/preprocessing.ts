import {
  AutoContrast,
  ContrastLimitedAdaptiveHistogramEqualization,
} from '../../layers/images/contrast.js';
import {CenterCrop, RandomCrop, Resizing} from '../../layers/images/layers.js';
import {randomImageLayers} from '../../layers/images/random.js';
import {CategoryEncoding} from '../../layers/preprocessing/category_encoding.js';
import {Discretization} from '../../layers/preprocessing/discretization.js';
import {IntegerLookup} from '../../layers/preprocessing/integer_lookup.js';
import {MelSpectrogram} from '../../layers/preprocessing/mel_spectrogram.js';
import {Normalization, Rescaling} from '../../layers/preprocessing/scaling.js';
import {STFTSpectrogram} from '../../layers/preprocessing/stft_spectrogram.js';
import {type Json, nameOf, type SavedLayer} from '../saved.js';
import {type ByVersion, inVersion, type KerasVersion} from '../version.js';
import {type KerasClass, type KerasClasses, renamed} from './row.js';

/** Keras 2 hands no mask on through a preprocessing layer, Keras 3 through these two. */
const passesIn3: KerasClass = {masks: {'3.0': 'passes'}};

/** Keras 3 notes down `training=True`, the default of their calls, but its `predict` says false. */
const ofImages: KerasClass = {ignored: ['training']};

const random = Object.entries(randomImageLayers).map(([name, layer]) => [
  name,
  {...ofImages, layer},
]);

/** Source: encode_categorical_inputs of keras/src/utils/numerical_utils.py. */
const keepsOne: ByVersion<boolean> = {'3.0': true, '3.4': false};

const cutAfter = (saved: SavedLayer): string =>
  `In Python, cut the model after it, keras.Model(model.get_layer('${nameOf(saved)}').output, ` +
  "model.outputs).save('cut.keras'), and give the model here what the layer would give it.";

/** A class that the model is to be cut after, since of what it takes or does tfjs has nothing. */
const cut = (because: string): KerasClass => ({
  absent: (saved) => `it ${because}. ${cutAfter(saved)}`,
});

const ofStrings = cut('works on strings, which layers of tfjs do not take');
const hashes = cut('hashes its input by a function of TensorFlow');

export const preprocessing: KerasClasses = {
  AutoContrast: {...ofImages, layer: AutoContrast},
  CategoryEncoding: {
    layer: CategoryEncoding,
    options: {max_tokens: renamed('num_tokens')}, // so Keras 2 at first
    tensors: ['inputs', 'count_weights'],
  },
  CenterCrop: {...ofImages, layer: CenterCrop},
  ContrastLimitedAdaptiveHistogramEqualization: {
    ...ofImages,
    layer: ContrastLimitedAdaptiveHistogramEqualization,
  },
  Discretization: {
    layer: Discretization,
    adds: (_config, version) => ({keeps_one: inVersion(keepsOne, version) ?? false}),
    refuses: withoutBounds,
  },
  HashedCrossing: hashes,
  Hashing: hashes,
  IntegerLookup: {layer: IntegerLookup, refuses: otherVocabulary},
  MaxNumBoundingBoxes: {...ofImages, playedBy: 'Identity'}, // images alone pass through it
  MelSpectrogram: {layer: MelSpectrogram},
  Normalization: {
    ...passesIn3,
    layer: Normalization,
    // Its `adapt` may know sizes that the model's input leaves open.
    adds: (_config, _version, {build_config}) => ({built_shape: build_config?.input_shape ?? null}),
  },
  Pipeline: ofImages,
  RandomCrop: {...ofImages, layer: RandomCrop, refuses: cropsInTraining},
  Rescaling: {...passesIn3, layer: Rescaling},
  Resizing: {...ofImages, layer: Resizing},
  STFTSpectrogram: {layer: STFTSpectrogram},
  StringLookup: ofStrings,
  TextVectorization: ofStrings,
  ...Object.fromEntries(random),
};

/** Keras 2 resizes the images in inference; Keras 3 leaves them, against the shape that it states. */
function cropsInTraining(_saved: SavedLayer, {major}: KerasVersion): string | undefined {
  if (major < 3) return undefined;
  return 'Keras 3 crops in training alone. In Python put a CenterCrop or a Resizing in its place.';
}

function withoutBounds({config}: SavedLayer): string | undefined {
  if (Array.isArray(config.bin_boundaries)) return undefined;
  return 'it has no bin_boundaries. In Python call adapt() before saving, or give it bin_boundaries.';
}

/** Larger numbers are none in an int32. */
const LARGEST = 2 ** 31;

function otherVocabulary(saved: SavedLayer): string | undefined {
  const {config} = saved;
  const {vocabulary, num_oov_indices, oov_method, salt} = config;
  const isNumber = (each: Json) => Number.isInteger(each) && Math.abs(each) < LARGEST;
  if (!Array.isArray(vocabulary) || !vocabulary.every(isNumber)) {
    return (
      'its vocabulary is not in its config. In Python make the layer anew, ' +
      'IntegerLookup(vocabulary=[…]), with a list of numbers that an int32 can hold.'
    );
  }
  if (config.output_mode === 'tf_idf') {
    return `tf_idf is not supported. ${cutAfter(saved)}`;
  }
  if (num_oov_indices > 1 && ((oov_method ?? 'floormod') !== 'floormod' || salt != null)) {
    return 'it hashes numbers that are not in its vocabulary. In Python set num_oov_indices=1.';
  }
  return undefined;
}
