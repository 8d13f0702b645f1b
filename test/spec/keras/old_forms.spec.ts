/** Files as early versions of Keras and of the converter left them open as those of today. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {type KerasFixture, kerasFixtures} from '../../fixtures/keras/index.js';
import {expectClose} from '../../support/close.js';
import {gunzip} from '../../support/gunzip.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form
type Json = any;

const fixtureOf = (name: string) =>
  kerasFixtures.find((each) => each.name === name) as KerasFixture;

/** The converter's model of a fixture with its topology changed. */
async function changed({converted}: KerasFixture, change: (topology: Json) => Json) {
  const {json, weights} = converted.h5;
  const model = JSON.parse(new TextDecoder().decode(await gunzip(json)));
  const weightData = (await gunzip(weights)).slice().buffer;
  return {
    load: async () => ({
      modelTopology: change(model.modelTopology),
      weightSpecs: model.weightsManifest[0].weights,
      weightData,
    }),
  };
}

async function expectSame(name: string, change: (topology: Json) => Json) {
  const fixture = fixtureOf(name);
  const before = tf.memory().numTensors;
  const model = await loadKerasModel(await changed(fixture, change), {compile: false});
  const xs = fixture.xs.map(({values, shape, dtype}) => tf.tensor(values, shape, dtype));
  const ys = [model.predict(xs)].flat();
  for (const [i, y] of fixture.ys.entries()) expectClose(await ys[i].data(), y.values, 1e-5);
  tf.dispose([xs, ys, model.weights.map((weight) => weight.read())]);
  expect(tf.memory().numTensors).toBe(before);
}

test('a functional model of the class Model', () =>
  expectSame('keras2_nested', (topology) => {
    const models = [topology.model_config, ...topology.model_config.config.layers];
    for (const each of models) if (each.class_name === 'Functional') each.class_name = 'Model';
    return topology;
  }));

test("a sequential model's config as a list, without an InputLayer", () =>
  expectSame('keras2_text_classifier', (topology) => {
    const [input, first, ...others] = topology.model_config.config.layers;
    first.config.batch_input_shape = input.config.batch_input_shape;
    topology.model_config.config = [first, ...others];
    return topology;
  }));

test('no version', () =>
  expectSame('keras2_mlp', (topology) => {
    delete topology.keras_version;
    return topology;
  }));

test('the config without a name around it', () =>
  expectSame('keras2_mlp', ({model_config}) => model_config));

test('no version of what is of Keras 3', async () => {
  const source = await changed(fixtureOf('keras3_mlp'), (topology) => {
    delete topology.keras_version;
    return topology;
  });
  await expect(loadKerasModel(source)).rejects.toThrow('by which version of Keras');
});

test('whole numbers of 64 bits', () =>
  expectSame('keras2_text_classifier', (topology) => {
    topology.model_config.config.layers[0].config.dtype = 'int64';
    return topology;
  }));

test('quantised weights', async () => {
  const source = await changed(fixtureOf('keras2_mlp'), (topology) => {
    const dense = topology.model_config.config.layers.find(
      ({class_name}: Json) => class_name === 'Dense',
    );
    dense.config.dtype = {class_name: 'QuantizedDTypePolicy', config: {name: 'int8_from_float32'}};
    return topology;
  });
  await expect(loadKerasModel(source)).rejects.toThrow(
    /Dense layer "dense": its weights are quantised, int8_from_float32/,
  );
});

test('an input without features', async () => {
  const layers = [
    {
      class_name: 'InputLayer',
      name: 'x',
      config: {batch_input_shape: [null], name: 'x'},
      inbound_nodes: [],
    },
    {
      class_name: 'Embedding',
      name: 'e',
      config: {name: 'e', input_dim: 3, output_dim: 2},
      inbound_nodes: [[['x', 0, 0, {}]]],
    },
  ];
  const config = {
    name: 'm',
    layers,
    input_layers: [['x', 0, 0]],
    output_layers: [['e', 0, 0]],
  };
  const model = await loadKerasModel({
    load: async () => ({
      modelTopology: {keras_version: '2.15.0', model_config: {class_name: 'Functional', config}},
      weightSpecs: [{name: 'e/embeddings', shape: [3, 2], dtype: 'float32' as const}],
      weightData: Float32Array.of(1, 2, 3, 4, 5, 6).buffer,
    }),
  });
  const x = tf.tensor1d([2, 0], 'int32');
  const y = model.predict(x) as tf.Tensor;
  expect(y.shape).toEqual([2, 2]);
  expect(Array.from(await y.data())).toEqual([5, 6, 1, 2]);
  tf.dispose([x, y]);
  model.dispose();
});

test('numbers that JSON has not', async () => {
  const text = (maskValue: string) => `{
    "modelTopology": {"keras_version": "2.15.0", "model_config": {"class_name": "Sequential", "config": {
      "name": "m -Infinity", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2, 1], "name": "NaN"}},
        {"class_name": "ReLU", "config": {"name": "r", "max_value": ${maskValue}}}
    ]}}},
    "weightsManifest": []}`;
  const encode = (json: string) => new TextEncoder().encode(json);
  await expect(loadKerasModel(encode(text('Nothing')))).rejects.toThrow('the file is no JSON');
  await expect(loadKerasModel(encode(text('Infinity')))).rejects.toThrow('a model.json alone');
});

test('layers without a name in a sequential model, as a class leaves it whose get_config has none', () =>
  expectSame('keras2_mlp', (topology) => {
    for (const layer of topology.model_config.config.layers) {
      if (layer.class_name === 'Dense' && /^dense(_\d+)?$/.test(layer.config.name)) {
        delete layer.config.name;
      }
    }
    return topology;
  }));

/** What Keras 2.15 saves of Inception-ResNet's sum, whose class it has registered as users register theirs. */
function registeredByKeras(layer: Json) {
  const input = (name: string) => ({
    class_name: 'InputLayer',
    config: {batch_input_shape: [null, 3], dtype: 'float32', sparse: false, ragged: false, name},
    name,
    inbound_nodes: [],
  });
  const config = {name: 'scaled', trainable: true, dtype: 'float32', scale: 0.3};
  const inbound_nodes = [['a', 'b'].map((name) => [name, 0, 0, {}])];
  const layers = [input('a'), input('b'), {config, name: 'scaled', inbound_nodes, ...layer}];
  const ends = {
    input_layers: ['a', 'b'].map((name) => [name, 0, 0]),
    output_layers: [['scaled', 0, 0]],
  };
  const model_config = {class_name: 'Functional', config: {name: 'm', layers, ...ends}};
  const modelTopology = {keras_version: '2.15.0', model_config};
  return loadKerasModel(
    tf.io.fromMemory({modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0)}),
  );
}

const OF_KERAS = 'keras.src.applications.inception_resnet_v2';
const REGISTERED = 'Custom>CustomScaleLayer';

test.each<[string, Json]>([
  ['.h5', {class_name: REGISTERED}],
  ['.keras', {class_name: 'CustomScaleLayer', registered_name: REGISTERED, module: OF_KERAS}],
])('a class that Keras 2 has registered itself, from %s', async (_, layer) => {
  const model = await registeredByKeras(layer);
  const [a, b] = [tf.tensor2d([[1, 2, 3]]), tf.tensor2d([[10, 20, 30]])];
  const y = model.predict([a, b]) as tf.Tensor;
  expectClose(await y.data(), [4, 8, 12], 1e-6); // as Keras 2.15 predicts
  tf.dispose([a, b, y]);
});

test("a user's class of the same name is not taken for it", async () => {
  const layer = {class_name: 'CustomScaleLayer', registered_name: REGISTERED, module: 'my_layers'};
  await expect(registeredByKeras(layer)).rejects.toThrow(
    'layer "scaled" in the model "m" is of the class CustomScaleLayer, which is not known',
  );
});
