/** Layers that give whole numbers for whole ones: with the values of the version that saved them. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

type Weight = [name: string, shape: number[], values: number[]];

const X = [
  [4, 5, 5, 0],
  [4, 1, 0, 2],
  [3, 5, 6, 3],
];

/** Its calls are as Keras 3 saves them: a layer each, of the layer before. */
function functional(
  version: string,
  given: {batch_shape: (number | null)[]; dtype: string},
  layers: [string, object][],
) {
  const names = ['x', ...layers.map(([className]) => className)];
  const tensor = (i: number) => {
    const config = {shape: [], dtype: i ? 'float32' : given.dtype, keras_history: [names[i], 0, 0]};
    return {class_name: '__keras_tensor__', config};
  };
  const saved = layers.map(([class_name, config], i) => ({
    class_name,
    name: class_name,
    config: {name: class_name, ...config},
    inbound_nodes: [{args: [tensor(i)], kwargs: {}}],
  }));
  const input = {class_name: 'InputLayer', name: 'x', config: {name: 'x', ...given}};
  const config = {
    name: 'model',
    layers: [{...input, inbound_nodes: []}, ...saved],
    input_layers: [['x', 0, 0]],
    output_layers: [[names.at(-1), 0, 0]],
  };
  return {keras_version: version, model_config: {class_name: 'Functional', config}};
}

async function expectPrediction(topology: object, weights: Weight[], x: tf.Tensor, y: unknown) {
  const before = tf.memory().numTensors;
  const handler = tf.io.fromMemory({
    modelTopology: topology,
    weightSpecs: weights.map(([name, shape]) => ({name, shape, dtype: 'float32'})),
    weightData: Float32Array.from(weights.flatMap(([, , values]) => values)).buffer,
  });
  const model = await loadKerasModel(handler);
  const predicted = model.predict(x) as tf.Tensor;
  const expected = tf.tensor(y as number[]);
  expect(predicted.shape).toEqual(expected.shape);
  expectClose(await predicted.data(), await expected.data(), 1e-5);
  tf.dispose([predicted, expected]);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

const lookup: [string, object] = ['IntegerLookup', {vocabulary: [3, 1, 5], output_mode: 'count'}];
const gamma: Weight['2'] = [2.5, 3, 1.5, 2];
const beta: Weight['2'] = [0.5, -0.25, 0.75, 0];

// What Keras of that version gives: `layer(IntegerLookup(…)(x))`, with the weights set to these.
const LAYER_NORM = [
  [2, -3, 0, 1],
  [4, -2, 0, -1],
  [0, 3, -1, 0],
];
const cases: [string, string, [string, object][], Weight[], number[][]][] = [
  [
    'LayerNormalization',
    '3.10.0',
    [lookup, ['LayerNormalization', {axis: [-1], epsilon: 1e-3}]],
    [
      ['LayerNormalization/gamma', [4], gamma],
      ['LayerNormalization/beta', [4], beta],
    ],
    [
      [2.998751, -3.248501, -0.749251, 1.999001],
      [4.581122, -2.698674, 0.75, -1.632449],
      [0.5, 3.988404, -1.369202, 0],
    ],
  ],
  ...['3.15.1', '3.11.0'].map((version): (typeof cases)[number] => [
    'LayerNormalization',
    version,
    [lookup, ['LayerNormalization', {axis: [-1], epsilon: 1e-3}]],
    [
      ['LayerNormalization/gamma', [4], gamma],
      ['LayerNormalization/beta', [4], beta],
    ],
    LAYER_NORM,
  ]),
  [
    'LayerNormalization after a layer that hands the type on',
    '3.15.1',
    [lookup, ['Dropout', {rate: 0.5}], ['LayerNormalization', {axis: [-1], epsilon: 1e-3}]],
    [
      ['LayerNormalization/gamma', [4], gamma],
      ['LayerNormalization/beta', [4], beta],
    ],
    LAYER_NORM,
  ],
  [
    'GroupNormalization',
    '3.15.1',
    [lookup, ['GroupNormalization', {groups: 2, axis: -1, epsilon: 1e-3}]],
    [
      ['GroupNormalization/gamma', [4], gamma],
      ['GroupNormalization/beta', [4], beta],
    ],
    [
      [2, -3, 0, 1],
      [2, -3, 2, -1],
      [-1, 2, 0, 1],
    ],
  ],
  [
    'RMSNormalization',
    '3.15.1',
    [lookup, ['RMSNormalization', {axis: [-1], epsilon: 1e-6}]],
    [['RMSNormalization/scale', [4], gamma]],
    [
      [3, 0, 0, 2],
      [4, 0, 0, 0],
      [2, 4, 0, 1],
    ],
  ],
];

test.each([
  ['3.3.3', [[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]]],
  [
    '3.6.0',
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  ], // from 3.4 on
])('Discretization of a last dimension of 1, one_hot, of Keras %s', async (version, expected) => {
  const options = {bin_boundaries: [-0.5, 0.5], output_mode: 'one_hot'};
  const given = {batch_shape: [null, 1], dtype: 'float32'};
  const topology = functional(version, given, [['Discretization', options]]);
  const x = tf.tensor2d([[-1], [0], [2]]);
  await expectPrediction(topology, [], x, expected);
  x.dispose();
});

test.each(cases)('%s of Keras %s', async (_name, version, layers, weights, expected) => {
  const topology = functional(version, {batch_shape: [null, 4], dtype: 'int32'}, layers);
  const x = tf.tensor2d(X, undefined, 'int32');
  await expectPrediction(topology, weights, x, expected);
  x.dispose();
});
