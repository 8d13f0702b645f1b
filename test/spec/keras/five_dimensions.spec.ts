/** Operations of Keras on five dimensions, of which some backends know four. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';

const SHAPE = [1, 3, 1, 1, 2];

/** A model of one operation on a tensor of five dimensions. */
function modelOf(class_name: string, others: unknown[]) {
  const tensor = {
    class_name: '__keras_tensor__',
    config: {shape: [null, ...SHAPE.slice(1)], dtype: 'float32', keras_history: ['x', 0, 0]},
  };
  const config = {
    name: 'model',
    layers: [
      {
        module: 'keras.layers',
        class_name: 'InputLayer',
        config: {name: 'x', batch_shape: [null, ...SHAPE.slice(1)], dtype: 'float32'},
        name: 'x',
        inbound_nodes: [],
      },
      {
        module: 'keras.src.ops.numpy',
        class_name,
        config: {name: 'op'},
        name: 'op',
        inbound_nodes: [{args: [tensor, ...others.map((each) => each ?? tensor)], kwargs: {}}],
      },
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [['op', 0, 0]],
  };
  return loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {
        keras_version: '3.15.1',
        model_config: {module: 'keras', class_name: 'Functional', config},
      },
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    }),
  );
}

const vector = {class_name: '__numpy__', config: {value: [1, 2], dtype: 'float32'}};

test.each([
  ['Where', [null, 9], [9, 1, 2, 3, 9, 5]],
  ['Add', [vector], [1, 3, 3, 5, 1, 7]],
  ['Maximum', [vector], [1, 2, 2, 3, 1, 5]],
])('%s', async (operation, others, expected) => {
  const model = await modelOf(operation, others);
  const before = tf.memory().numTensors;
  const x = tf.tensor([0, 1, 2, 3, 0, 5], SHAPE);
  const y = model.predict(x) as tf.Tensor;
  expect(y.shape).toEqual(SHAPE);
  expect(Array.from(await y.data())).toEqual(expected);
  tf.dispose([x, y]);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});
