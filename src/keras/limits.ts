/** What Keras's layers can do and tfjs's cannot: said in an error, where tfjs would ignore it. */
import {serialization} from '@tensorflow/tfjs-core';
import {classOf, type Json, nameOf, type SavedLayer} from './saved.js';

/** By class and option: the values that tfjs can do. Options that are not there have their default. */
const POSSIBLE: Record<string, Record<string, Json[]>> = {
  AveragePooling1D: {data_format: ['channels_last']},
  Conv1D: {groups: [1]},
  Conv2D: {groups: [1]},
  Conv2DTranspose: {output_padding: [null]},
  Conv3D: {groups: [1]},
  Conv3DTranspose: {output_padding: [null]},
  GlobalAveragePooling1D: {keepdims: [false], data_format: ['channels_last']},
  GlobalAveragePooling2D: {keepdims: [false]},
  GlobalMaxPooling1D: {keepdims: [false], data_format: ['channels_last']},
  GlobalMaxPooling2D: {keepdims: [false]},
  GRU: {time_major: [false]},
  LSTM: {time_major: [false]},
  MaxPooling1D: {data_format: ['channels_last']},
  MultiHeadAttention: {use_gate: [false], sliding_window: [null]},
  ReLU: {negative_slope: [0], threshold: [0]},
  SimpleRNN: {time_major: [false]},
  UpSampling2D: {interpolation: ['nearest', 'bilinear']},
};

const ACTIVATIONS = new Set([
  ...['elu', 'gelu', 'gelu_new', 'hard_sigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu'],
  ...['sigmoid', 'softmax', 'softplus', 'softsign', 'swish', 'tanh'],
]);

/** @throws Error A class that is not registered, or an option that tfjs cannot do. */
export function checkLayer(saved: SavedLayer, className: string, path: string[]): void {
  const place = path.length ? ` in the model ${path.map((name) => `"${name}"`).join(' → ')}` : '';
  const where = `layer "${nameOf(saved)}"${place}`;
  if (!(className in serialization.SerializationMap.getMap().classNameMap)) {
    throw new Error(
      `${where} is of the class ${classOf(saved)}, which is not known. Write it as a class that ` +
        `extends tf.layers.Layer, with the static className '${classOf(saved)}', and register ` +
        'it before loading: tf.serialization.registerClass(TheClass).',
    );
  }
  for (const [option, values] of Object.entries(POSSIBLE[className] ?? {})) {
    const value = saved.config[option];
    if (value === undefined || values.includes(value)) continue;
    throw new Error(
      `${where}: ${className} of tfjs has no ${option} = ${JSON.stringify(value)}, ` +
        `only ${values.map((v) => JSON.stringify(v)).join(' or ')}.`,
    );
  }
}

/**
 * The name that tfjs has for an activation.
 *
 * @throws Error tfjs has none.
 */
export function activationName(name: string, keras3: boolean): string {
  if (name === 'silu') return 'swish';
  if (keras3 && name === 'hard_sigmoid') {
    throw new Error("Keras 3's hard_sigmoid, relu6(x + 3) / 6, is another than tfjs's.");
  }
  if (ACTIVATIONS.has(name)) return name;
  throw new Error(`tfjs has no activation "${name}".`);
}
