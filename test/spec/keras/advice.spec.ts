/** What an error advises is tried: it works. */
import {type CustomObjects, loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

type SavedLayer = {class_name: string; config: object; name: string; inbound_nodes: object[]} & {
  module?: string;
  registered_name?: string;
};

const tensor = (layer: string) => [
  {args: [{class_name: '__keras_tensor__', config: {keras_history: [layer, 0, 0]}}], kwargs: {}},
];

const input = (name: string): SavedLayer => ({
  class_name: 'InputLayer',
  name,
  config: {name, batch_shape: [null, 2], dtype: 'float32'},
  inbound_nodes: [],
});

/** A model without weights, as the converter leaves one of Keras 3. */
function modelOf(layers: SavedLayer[], inputs: unknown, outputs: unknown, version = '3.15.1') {
  const config = {name: 'model', layers, input_layers: inputs, output_layers: outputs};
  return tf.io.fromMemory({
    modelTopology: {keras_version: version, model_config: {class_name: 'Functional', config}},
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  });
}

function modelWith(saved: Pick<SavedLayer, 'class_name' | 'module' | 'registered_name'>) {
  const layer = {...saved, config: {name: 'own'}, name: 'own', inbound_nodes: tensor('x')};
  return modelOf([input('x'), layer], [['x', 0, 0]], [['own', 0, 0]]);
}

class Doubled extends tf.layers.Layer {
  override call(inputs: tf.Tensor | tf.Tensor[]) {
    return tf.mul([inputs].flat()[0], 2);
  }
}

const messageOf = (loading: Promise<unknown>) =>
  loading.then(
    () => 'it was loaded',
    (error: Error) => error.message,
  );

async function predicted(model: tf.LayersModel, ...values: number[][]) {
  const xs = values.map((each) => tf.tensor2d([each]));
  const y = model.predict(xs.length > 1 ? xs : xs[0]) as tf.Tensor;
  const result = await y.data();
  tf.dispose([xs, y]);
  return result;
}

describe('a class that is not known is given under the name that the error says', () => {
  test.each([
    [{class_name: 'Mystery', module: 'pack', registered_name: 'Pack>Mystery'}],
    [{class_name: 'Pack>Mystery'}],
    [{class_name: 'Mystery', module: 'pack', registered_name: 'Mystery'}],
    [{class_name: 'Dense', module: 'pack', registered_name: 'Pack>Dense'}],
    // An .h5 file says no module: that the options of Keras's class are not there tells it.
    [{class_name: 'LayerNormalization'}],
  ])('%j', async (saved) => {
    const message = await messageOf(loadKerasModel(modelWith(saved)));
    expect(message).toContain('layer "own" in the model "model" is of the class');
    const name = /customObjects: {'(.+)': TheClass}/.exec(message)?.[1] as string;
    const customObjects: CustomObjects = {[name]: class extends Doubled {}};
    const model = await loadKerasModel(modelWith(saved), {customObjects});
    expectClose(await predicted(model, [1, -3]), [2, -6], 1e-6);

    const className = /static className '(.+)': tf/.exec(message)?.[1] as string;
    expect(className).toBe(name);
  });
});

test('a layer that tfjs fails on is played by the class that the error asks for', async () => {
  const saved = {
    ...{class_name: 'Reshape', module: 'keras.layers', name: 'own'},
    ...{config: {name: 'own', target_shape: 7}, inbound_nodes: tensor('x')},
  };
  const source = () => modelOf([input('x'), saved], [['x', 0, 0]], [['own', 0, 0]]);
  const before = tf.memory().numTensors;
  const message = await messageOf(loadKerasModel(source()));
  expect(message).toContain('Reshape layer "own": tfjs fails on what the file says of it, {');
  expect(message).toContain('"targetShape":7');
  expect(message).toContain('with "');
  expect(tf.memory().numTensors).toBe(before);
  const name = /customObjects: {'(.+)': TheClass}/.exec(message)?.[1] as string;
  const customObjects: CustomObjects = {[name]: class extends Doubled {}};
  const model = await loadKerasModel(source(), {customObjects});
  expectClose(await predicted(model, [1, -3]), [2, -6], 1e-6);
});

test('a model of Keras 2 that is called with a dict takes it by its keys', async () => {
  const joined: SavedLayer = {
    class_name: 'Concatenate',
    name: 'joined',
    config: {name: 'joined', axis: -1},
    inbound_nodes: [
      [
        ['z', 0, 0, {}],
        ['m', 0, 0, {}],
      ],
    ],
  };
  const inner = {
    class_name: 'Functional',
    name: 'inner',
    config: {
      name: 'inner',
      layers: [input('z'), input('m'), joined],
      input_layers: {z: ['z', 0, 0], m: ['m', 0, 0]},
      output_layers: [['joined', 0, 0]],
    },
    inbound_nodes: [{z: ['x', 0, 0, {}], m: ['y', 0, 0, {}]}],
  };
  const inputs = [
    ['x', 0, 0],
    ['y', 0, 0],
  ];
  const layers = [input('x'), input('y'), inner];
  const model = await loadKerasModel(modelOf(layers, inputs, [['inner', 1, 0]], '2.15.0'));
  expectClose(await predicted(model, [1, 2], [3, 4]), [1, 2, 3, 4], 1e-6);
});

test("a model's outputs come in the order of its dict", async () => {
  const scaled = (name: string, scale: number): SavedLayer => ({
    class_name: 'Rescaling',
    name,
    config: {name, scale, offset: 0},
    inbound_nodes: tensor('x'),
  });
  const outputs = {second: ['z', 0, 0], first: ['a', 0, 0]};
  const source = modelOf([input('x'), scaled('a', 2), scaled('z', 3)], [['x', 0, 0]], outputs);
  const model = await loadKerasModel(source);
  expect(model.outputNames).toEqual(['z', 'a']);
});
