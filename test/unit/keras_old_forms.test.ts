/** Where a file may say what the input of a model is, and what else versions of Keras have left in other forms. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {
  called,
  from,
  functional,
  input,
  type Json,
  layer,
  load,
  on,
  predicted,
  refusal,
} from '../support/keras_json.js';

const relu = (more: object = {}) => layer('ReLU', more);
const bare = (layers: Json[], config: object = {}, more: object = {}): Json => ({
  ...layer('Sequential', {layers, ...config}),
  ...more,
});

describe('a sequential model without an InputLayer', () => {
  const shape = [null, 3];
  const other = [null, 7];
  test.each<[string, Json]>([
    ['of its first layer', bare([relu({batch_input_shape: shape})])],
    ['its config has', bare([relu()], {build_input_shape: shape})],
    ['beside its config', bare([relu()], {}, {build_input_shape: shape})],
    ['it was built for', bare([relu()], {}, {build_config: {input_shape: shape}})],
    [
      'of its first layer before all others',
      bare([relu({batch_input_shape: shape})], {build_input_shape: other}),
    ],
    [
      'its config has before what it was built for',
      bare([relu()], {build_input_shape: shape}, {build_config: {input_shape: other}}),
    ],
    ['as Keras 2.2 has it', {class_name: 'Sequential', config: [relu({batch_input_shape: shape})]}],
  ])('has the shape %s', async (_, config) => {
    const model = await load(config, {version: '2.15.0'});
    expect(model.inputs.map((each) => each.shape)).toEqual([shape]);
    expect(model.layers[0].name).toBe('relu_input');
    model.dispose();
  });

  test('within another model has that of its call', async () => {
    const inner = called(
      bare([relu(), layer('Rescaling', {scale: 2, offset: 0})], {name: 'inner'}),
      {args: [from('x', {shape: [null, 2]})], kwargs: {}},
    );
    const config = functional([input([2]), inner]);
    config.config.output_layers = [['inner', 0, 0]];
    expect(await predicted(config, [tf.tensor2d([[-1, 4]])])).toEqual([[0, 8]]);
  });

  test.each([
    ['ReLU', {dtype: 'int32'}, 'int32'],
    ['ReLU', {}, 'float32'],
    ['Embedding', {dtype: 'int32', input_dim: 3, output_dim: 2}, 'float32'],
  ])('%s %j takes %s', async (name, options, dtype) => {
    const config = bare([layer(name, {batch_input_shape: [null, 3], ...options})]);
    const model = await load(config, {
      weights: name === 'Embedding' ? [['embedding/embeddings', [3, 2], [1, 2, 3, 4, 5, 6]]] : [],
    });
    expect(model.inputs[0].dtype).toBe(dtype);
    model.dispose();
  });
});

test('layers without a name have names that no other has', async () => {
  const nameless = {...relu(), config: {}};
  const config = bare([
    layer('InputLayer', {name: 'relu_1', batch_shape: [null, 2]}),
    nameless,
    relu(),
    nameless,
    {...layer('ELU'), config: {alpha: 1}},
  ]);
  const model = await load(config);
  expect(model.layers.map(({name}) => name)).toEqual(['relu_1', 're_lu', 'relu', 're_lu_1', 'elu']);
  model.dispose();
});

describe('a model of Keras 2 that is called with a dict', () => {
  const joined = called(layer('Concatenate', {axis: -1}), [
    ['z', 0, 0, {}],
    ['m', 0, 0, {}],
  ]);
  test.each([
    [
      'a list',
      [
        ['z', 0, 0],
        ['m', 0, 0],
      ],
    ],
    ['a dict', {z: ['z', 0, 0], m: ['m', 0, 0]}],
  ])('takes it by the names of its inputs, which are %s', async (_, input_layers) => {
    const inner = functional([input([1], 'z'), input([1], 'm'), joined]);
    Object.assign(inner.config, {name: 'inner', input_layers});
    const node = {m: ['x', 0, 0, {}], z: ['y', 0, 0, {}]};
    const config = functional([input([1]), input([1], 'y'), called(inner, node)]);
    config.config.output_layers = [['inner', 1, 0]];
    const xs = [tf.tensor2d([[1]]), tf.tensor2d([[2]])];
    expect(await predicted(config, xs, {version: '2.15.0'})).toEqual([[2, 1]]);
  });
});

describe('an input without features', () => {
  const double = layer('Rescaling', {scale: 2, offset: 1});
  const x = () => [tf.tensor1d([1, 2, 3])];
  test.each<[string, Json, string]>([
    [
      'of a sequential model of Keras 3',
      bare([layer('InputLayer', {name: 'x', batch_shape: [null]}), double]),
      '3.15.1',
    ],
    [
      'of one of Keras 2',
      bare([layer('InputLayer', {name: 'x', batch_input_shape: [null]}), double]),
      '2.15.0',
    ],
    ['of a functional model', functional([input([]), on(double, 'x')]), '3.15.1'],
  ])('%s', async (_, config, version) => {
    expect(await predicted(config, x(), {version})).toEqual([[3, 5, 7]]);
  });

  test('that is an output, and taken in lists and by keyword', async () => {
    const sum = called(layer('Add'), {
      args: [[from('x'), from('rescaling')]],
      kwargs: {mask: null},
    });
    const half = {...layer('Multiply', {name: 'half'}), module: 'keras.src.ops.numpy'};
    const byName = called(half, {args: [], kwargs: {x1: from('x'), x2: 0.5}});
    const config = functional([input([]), on(double, 'x'), sum, byName], ['add', 'half', 'x']);
    expect(await predicted(config, x())).toEqual([
      [4, 7, 10],
      [0.5, 1, 1.5],
      [1, 2, 3],
    ]);
  });
});

test.each([
  ['the shape of an input', functional([input([2]), called(relu(), [['x', 0, 0, {}]])])],
  [
    'calls',
    functional([
      called(layer('InputLayer', {name: 'x', batch_input_shape: [null, 2]})),
      on(relu(), 'x'),
    ]),
  ],
])('without a version, a file that has %s of Keras 3 is refused', async (_, config) => {
  expect(await refusal(config, {version: null as never})).toContain(
    'the file does not say by which version of Keras it was saved.',
  );
});
