/** Options that a file leaves out are those of Keras, which has them in the signatures of its classes. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {classes} from '../../src/keras/config/classes/index.js';
import type {LayerClass} from '../../src/keras/config/classes/row.js';
import {loadKerasModel} from '../../src/keras/index.js';
import fixture from '../fixtures/keras/layer_defaults.json';
import modelFixture from '../fixtures/keras/layer_models_keras3.json';
import {expectClose} from '../support/close.js';
import type {Json} from '../support/keras_json.js';
import {artifactsOf, type ModelCase} from '../support/model_case.js';

interface OfKeras {
  required: string[];
  defaults: Json;
}

const options = fixture.layers as Record<string, OfKeras>;

const camelCase = (text: string) => text.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

/** Values of options that must be given. */
const REQUIRED: Json = {
  ...{
    units: 3,
    filters: 2,
    kernelSize: 2,
    rate: 0.5,
    stddev: 0.5,
    n: 2,
    dims: [1],
    height: 2,
    width: 2,
  },
  ...{numHeads: 2, keyDim: 2, headDim: 2, numQueryHeads: 2, numKeyValueHeads: 1, targetShape: [4]},
  ...{equation: {name: 'ab,bc->ac'}, outputShape: 3, inputDim: 3, outputDim: 2, scale: 2},
  ...{activation: 'relu', outputSize: 2},
};

/** A value as both may be compared: what stands for the same in Keras and in tfjs is the same. */
function plain(value: Json): Json {
  if (Array.isArray(value)) {
    const each = value.map(plain);
    return each.every((one) => one === each[0]) ? (each[0] ?? null) : each;
  }
  return typeof value === 'string' ? camelCase(value) : (value ?? null);
}

/** The signature of Keras leaves it to what the backend is set to. */
const SET_BY_BACKEND: Json = {dataFormat: 'channelsLast', activation: 'linear'};

/** What a class of this package has where it is not given, which Keras always writes. */
const SET_WHEN_MADE: Record<string, Json> = {
  MultiHeadAttention: {valueDim: 2},
  CategoryEncoding: {numTokens: 0},
};

/** Those are the built-in layers of tfjs in their defaults: Keras always writes these options. */
const OF_TFJS = ['GRU', 'GRUCell', 'LSTM', 'RNN'];

const own = Object.entries(classes)
  .filter(([name, {layer}]) => layer && options[name] && !OF_TFJS.includes(name))
  .filter(([name]) => !options[name].required.includes('layer'))
  .map(([name, {layer}]): [string, LayerClass] => [name, layer as LayerClass]);

test.each(own)('%s that is given nothing', (name, Layer) => {
  const {required, defaults} = options[name];
  const given = Object.fromEntries(
    required.map(camelCase).map((option) => [option, REQUIRED[option]]),
  );
  const made = new Layer({name: 'layer', ...given});
  const config: Json = made.getConfig();
  const wanted = Object.entries<Json>(defaults).map(([option, value]): [string, Json] => {
    const key = camelCase(option);
    return [key, SET_WHEN_MADE[name]?.[key] ?? value ?? SET_BY_BACKEND[key] ?? null];
  });
  const isComparable = ([key]: [string, Json]) =>
    key in config && !/^name$|(Initializer|Regularizer|Constraint)$/.test(key);
  const compared = wanted.filter(isComparable);
  expect(Object.fromEntries(compared.map(([key]) => [key, plain(config[key])]))).toEqual(
    Object.fromEntries(compared.map(([key, value]) => [key, plain(value)])),
  );
});

/** A model's config without the options that are as Keras has them by default. */
function withoutDefaults(saved: Json): Json {
  if (Array.isArray(saved)) return saved.map(withoutDefaults);
  if (typeof saved !== 'object' || saved === null) return saved;
  const entries = Object.entries<Json>(saved).map(([key, value]) => [key, withoutDefaults(value)]);
  const inner: Json = Object.fromEntries(entries);
  const isOfKeras =
    saved.module === 'keras.layers' &&
    options[saved.class_name] &&
    !/^(GRU|LSTM|Normalization)/.test(saved.class_name);
  if (!isOfKeras) return inner;
  const {defaults} = options[saved.class_name];
  const isDefault = (key: string) =>
    Object.hasOwn(defaults, key) && isSame(saved.config[key], defaults[key]);
  inner.config = Object.fromEntries(
    Object.entries(inner.config).filter(([key]) => !isDefault(key) && key !== 'trainable'),
  );
  return inner;
}

const isSame = (saved: Json, value: Json) =>
  JSON.stringify(saved) === JSON.stringify(value) ||
  (value === null && saved === 'channels_last') ||
  (typeof value === 'number' && Array.isArray(saved) && saved.every((each) => each === value));

const cases = modelFixture.cases as unknown as ModelCase[];
/** The first two models of each class. */
const chosen = new Set(
  Object.keys(options).flatMap((name) =>
    cases.filter(({config}) => JSON.stringify(config).includes(`"${name}"`)).slice(0, 2),
  ),
);

test.each([...chosen])('$name, without options that are as by default', async (one) => {
  const artifacts = artifactsOf(one);
  const topology = artifacts.modelTopology as Json;
  const modelTopology = {...topology, model_config: withoutDefaults(topology.model_config)};
  const model = await loadKerasModel(tf.io.fromMemory({...artifacts, modelTopology}));
  const xs = one.xs.map(([shape, values]) => tf.tensor(values, shape, one.dtype));
  const ys = [model.predict(xs.length > 1 ? xs : xs[0])].flat();
  for (const [i, [shape, values]] of one.ys.entries()) {
    expect(ys[i].shape).toEqual(shape);
    expectClose(ys[i].dataSync(), values, 2e-5 * Math.max(1, ...values.map(Math.abs)));
  }
  tf.dispose([xs, ys, model.weights.map((weight) => weight.read())]);
});
