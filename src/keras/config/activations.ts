/** The activations that tfjs and this package have by name. */
import {activationNames} from '../layers/activations/functions.js';
import {classOf, type SavedLayer} from './saved.js';
import {inVersion, type KerasVersion} from './version.js';

const ACTIVATIONS = new Set([
  ...['elu', 'gelu', 'hard_sigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu'],
  ...['sigmoid', 'softmax', 'softplus', 'softsign', 'swish', 'tanh'],
  ...activationNames,
]);

/** Names of Keras for which tfjs has another. */
const OTHER_NAMES = new Map([
  ['silu', 'swish'],
  ['hard_swish', 'hard_silu'],
  ['keras_hub>gelu_approximate', 'gelu_approximate'],
  ['keras_nlp>gelu_approximate', 'gelu_approximate'],
]);

/** The layers without weights that do the same to each tensor: they may be an option `activation`. */
const LAYERS = new Set([
  ...['ELU', 'Identity', 'LeakyReLU', 'ReLU', 'Softmax', 'ThresholdedReLU'],
  // These do nothing in inference; in training they would be left out (`model/training_limits.ts`).
  ...['AlphaDropout', 'Dropout', 'GaussianDropout', 'GaussianNoise'],
]);

/**
 * The name that tfjs has for the activation of a layer.
 *
 * @throws Error tfjs has none.
 */
export function activationName(name: string, layer: SavedLayer, version: KerasVersion): string {
  if (name === 'hard_sigmoid') {
    return inVersion({'2.0': name, '3.0': 'hard_sigmoid_keras3'}, version) as string;
  }
  if (name === 'glu' && classOf(layer) !== 'Activation') {
    throw new Error(
      'its activation glu halves the output. Use a layer Activation("glu") after it.',
    );
  }
  const known = OTHER_NAMES.get(name) ?? name;
  if (ACTIVATIONS.has(known)) return known;
  throw new Error(
    `tfjs has no activation "${name}". In Python write a class of layers of your own in its place, ` +
      'or operations of keras.ops after the layer, and save the model anew.',
  );
}

/** Whether a layer can be the activation of another one. @throws Error It has weights. */
export function isLayerActivation(saved: SavedLayer, isLayer: (name: string) => boolean): boolean {
  const className = classOf(saved);
  if (LAYERS.has(className)) return true;
  if (!isLayer(className)) return false;
  throw new Error(
    `its activation is a layer, ${className}, that is not supported there. ` +
      'In Keras call that layer after this one.',
  );
}
