/** A model from Keras that tfjs saves is one that tfjs alone loads, and that predicts the same. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';

const layer = (class_name: string, config: {name: string}, ...inputs: string[]) => ({
  class_name,
  config: {...config, trainable: true, dtype: 'float32'},
  name: config.name,
  registered_name: null,
  module: 'keras.layers',
  inbound_nodes: inputs.length ? [{args: argsOf(inputs), kwargs: {}}] : [],
});

const tensorOf = (name: string) => ({
  class_name: '__keras_tensor__',
  config: {shape: [null, 3, 2], dtype: 'float32', keras_history: [name, 0, 0]},
});

const argsOf = (inputs: string[]) =>
  inputs.length === 1 ? [tensorOf(inputs[0])] : [inputs.map(tensorOf)];

/** A functional model of Keras 3 without weights, its last layer the output. */
function modelOf(inputs: string[], layers: ReturnType<typeof layer>[]): tf.io.IOHandler {
  const input = (name: string) =>
    layer('InputLayer', {...{batch_shape: [null, 3, 2]}, name} as {name: string});
  const ref = (name: string) => [name, 0, 0];
  const config = {
    name: 'model',
    layers: [...inputs.map(input), ...layers],
    input_layers: inputs.map(ref),
    output_layers: [ref(layers[layers.length - 1].name)],
  };
  const model_config = {class_name: 'Functional', config, module: 'keras.src.models.functional'};
  return tf.io.fromMemory({
    modelTopology: {keras_version: '3.15.1', model_config},
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  });
}

async function savedAgain(model: tf.LayersModel): Promise<tf.LayersModel> {
  let saved: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      saved = {...given, modelTopology: JSON.parse(JSON.stringify(given.modelTopology))};
      return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
    }),
  );
  return tf.loadLayersModel(tf.io.fromMemory(saved));
}

async function predicted(model: tf.LayersModel, xs: tf.Tensor[]): Promise<number[]> {
  const y = model.predict(xs.length > 1 ? xs : xs[0]) as tf.Tensor;
  const values = await y.data();
  y.dispose();
  return Array.from(values);
}

const a = [1, 2, 0, 0, 5, 6];

test('an input that no layer uses stays an input', async () => {
  const handler = modelOf(['a', 'b'], [layer('ReLU', {name: 'relu'}, 'a')]);
  const model = await loadKerasModel(handler);
  const again = await savedAgain(model);
  const xs = [tf.tensor(a, [1, 3, 2]), tf.zeros([1, 3, 2])];
  expect(await predicted(model, xs)).toEqual(a);
  expect(await predicted(again, xs)).toEqual(a);
  for (const each of [model, again]) each.dispose();
  tf.dispose(xs);
});

test('a product of masked tensors stays a product', async () => {
  const handler = modelOf(
    ['a'],
    [
      layer('Masking', {...{mask_value: 0}, name: 'masking'} as {name: string}, 'a'),
      layer('ReLU', {name: 'relu'}, 'a'),
      layer('Multiply', {name: 'multiply'}, 'masking', 'relu'),
    ],
  );
  const model = await loadKerasModel(handler);
  const again = await savedAgain(model);
  const xs = [tf.tensor(a, [1, 3, 2])];
  const squares = a.map((v) => v * v);
  expect(await predicted(model, xs)).toEqual(squares);
  expect(await predicted(again, xs)).toEqual(squares);
  for (const each of [model, again]) each.dispose();
  tf.dispose(xs);
});
