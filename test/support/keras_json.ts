/** Models of Keras as the converter leaves them, written by hand: a layer, a call and a weight in a line each. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {type LoadKerasModelOptions, loadKerasModel} from '../../src/keras/index.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form
export type Json = any;
export type Shape = (number | null)[];
export type Weight = [name: string, shape: number[], values: number[]];

/** A layer of Keras, named as its class in lower case unless its config says otherwise. */
export const layer = (class_name: string, config: object = {}): Json => ({
  ...{module: 'keras.layers', class_name},
  config: {name: class_name.toLowerCase(), ...config},
});

/** An input; its shape is without the batch. */
export const input = (shape: Shape, name = 'x', dtype = 'float32'): Json =>
  on(layer('InputLayer', {name, batch_shape: [null, ...shape], dtype}));

/** A tensor that a call of Keras 3 takes: the layer that gives it, and what else is saved of it. */
export const from = (name: string, more: object = {}, call = 0, output = 0): Json => ({
  class_name: '__keras_tensor__',
  config: {keras_history: [name, call, output], ...more},
});

/** A layer with its calls in a functional model. */
export const called = (saved: Json, ...inbound_nodes: Json[]): Json => ({
  ...{...saved, name: saved.config.name},
  inbound_nodes,
});

export const call = (args: Json[], kwargs: object = {}): Json => ({args, kwargs});

/** A layer that is called once, on these tensors by themselves. */
export const on = (saved: Json, ...names: string[]): Json =>
  called(saved, ...(names.length ? [call(names.map((name) => from(name)))] : []));

/** A layer that is called once, on a list of tensors. */
export const onList = (saved: Json, ...names: string[]): Json =>
  called(saved, call([names.map((name) => from(name))]));

export const sequential = (...layers: Json[]): Json => layer('Sequential', {layers});

/** A functional model; its outputs are those of its last layer, unless others are named. */
export function functional(layers: Json[], outputs?: string[]): Json {
  const inputs = layers.filter(({class_name}) => class_name === 'InputLayer');
  const last = layers[layers.length - 1];
  return layer('Functional', {
    ...{name: 'model', layers},
    input_layers: inputs.map(({name}) => [name, 0, 0]),
    output_layers: (outputs ?? [last.name]).map((name) => [name, 0, 0]),
  });
}

interface Options extends LoadKerasModelOptions {
  version?: string;
  weights?: Weight[];
  /** How the model was compiled. */
  training?: Json;
}

/** The files' content as a handler of tfjs. */
function artifacts(config: Json, {version = '3.15.1', weights = [], training}: Options = {}) {
  return tf.io.fromMemory({
    modelTopology: {keras_version: version, model_config: config, training_config: training},
    weightSpecs: weights.map(([name, shape]) => ({name, shape, dtype: 'float32'})),
    weightData: Float32Array.from(weights.flatMap(([, , values]) => values)).buffer,
  });
}

export function load(config: Json, options: Options = {}): Promise<LayersModel> {
  const {version: _, weights: __, training: ___, ...others} = options;
  return loadKerasModel(artifacts(config, options), others);
}

/** What is said of a model that is refused, of which no tensor may be left. */
export async function refusal(config: Json, options: Options = {}): Promise<string> {
  const before = tf.memory().numTensors;
  const message = await load(config, options).then(
    () => 'it was loaded',
    (error: Error) => error.message,
  );
  expect(tf.memory().numTensors).toBe(before);
  return message;
}

/** What a model predicts, each output as its values; the model and its inputs are gone then. */
export async function predicted(
  config: Json,
  xs: tf.Tensor[],
  options: Options = {},
): Promise<number[][]> {
  const model = await load(config, options);
  const ys = tf.tidy(() =>
    [model.predict(xs.length > 1 ? xs : xs[0])].flat().map((y) => Array.from(y.dataSync())),
  );
  tf.dispose([xs, model.weights.map((weight) => weight.read())]);
  return ys;
}
