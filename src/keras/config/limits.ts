/** What Keras's layers can do and tfjs's cannot: said in an error, where tfjs would ignore it. */
import {serialization} from '@tensorflow/tfjs-core';
import {type LayersModel, layers} from '@tensorflow/tfjs-layers';
import {classOf, type Json, nameOf, own, type SavedLayer} from './saved.js';

/** By class and option: the values that tfjs can do. Options that are not there have their default. */
const POSSIBLE: Record<string, Record<string, Json[]>> = {
  AveragePooling1D: {data_format: ['channels_last']},
  BatchNormalization: {renorm: [false]},
  Conv1D: {groups: [1]},
  Conv2D: {groups: [1]},
  Conv2DTranspose: {output_padding: [null]},
  Conv3D: {groups: [1]},
  Conv3DTranspose: {output_padding: [null]},
  DepthwiseConv2D: {dilation_rate: [1, [1, 1]]},
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
  UpSampling2D: {interpolation: ['nearest']},
};

const ACTIVATIONS = new Set([
  ...['elu', 'gelu', 'gelu_new', 'hard_sigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu'],
  ...['sigmoid', 'softmax', 'softplus', 'softsign', 'swish', 'tanh'],
]);

/** @throws Error A class that is not registered, or an option that tfjs cannot do. */
export function checkLayer(saved: SavedLayer, className: string, path: string[]): void {
  const place = path.length ? ` in the model ${path.map((name) => `"${name}"`).join(' → ')}` : '';
  const where = `layer "${nameOf(saved)}"${place}`;
  const [known] = own(serialization.SerializationMap.getMap().classNameMap, className) ?? [];
  if (!(known?.prototype instanceof layers.Layer)) {
    throw new Error(
      `${where} is of the class ${classOf(saved)}, which is not known. Write it as a class that ` +
        `extends tf.layers.Layer, with the static className '${classOf(saved)}', and register ` +
        'it before loading: tf.serialization.registerClass(TheClass).',
    );
  }
  if (className === 'Bidirectional' && !isAlike(saved.config.layer, saved.config.backward_layer)) {
    throw new Error(`${where}: in tfjs both ways of a Bidirectional have the same options.`);
  }
  const possible = {activity_regularizer: [null], ...POSSIBLE[className]};
  for (const [option, values] of Object.entries(possible)) {
    const value = JSON.stringify(saved.config[option]);
    const texts = values.map((each: Json) => JSON.stringify(each));
    if (value === undefined || texts.includes(value)) continue;
    throw new Error(
      `${where}: ${className} of tfjs has no ${option} = ${value}, only ${texts.join(' or ')}.`,
    );
  }
}

/** Whether two layers compute alike, the one forward and the other, if there is one, backward. */
function isAlike(forward: SavedLayer, backward?: SavedLayer): boolean {
  if (!backward) return true;
  const computing = ({class_name, config}: SavedLayer) => {
    const entries = Object.entries(config).filter(
      ([key]) => !/^(name|go_backwards|seed)$|_(initializer|regularizer)$/.test(key),
    );
    return JSON.stringify([class_name, entries]);
  };
  return computing(forward) === computing(backward);
}

/**
 * What can be told only once the model is built.
 *
 * @throws Error A batch normalisation over another axis than the last, for which tfjs gives wrong
 *     values.
 */
export function checkBuilt(model: LayersModel): void {
  for (const layer of model.layers) {
    if ('layers' in layer) checkBuilt(layer as unknown as LayersModel);
    if (layer.getClassName() !== 'BatchNormalization') continue;
    const [{ndim}] = layer.inputSpec as {ndim: number}[];
    const axis = Number((layer as unknown as {axis: number | number[]}).axis);
    if (axis === -1 || axis === ndim - 1) continue;
    throw new Error(
      `BatchNormalization layer "${layer.name}": tfjs has it right over the last axis only, ` +
        `${ndim - 1}, but it is over ${axis}.`,
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
