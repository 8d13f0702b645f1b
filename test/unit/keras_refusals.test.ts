/**
 * Each form that a config must have, and each option and shape that is refused: by one small model each
 * that differs from a good one in that alone, with the words that say which layer it is.
 */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import {loadKerasModel} from '../../src/keras/index.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form
type Json = any;

const layer = (class_name: string, config: object = {}): Json => ({
  module: 'keras.layers',
  class_name,
  config: {name: class_name.toLowerCase(), ...config},
});
const input = (shape: (number | null)[], name = 'input') =>
  layer('InputLayer', {name, batch_shape: [null, ...shape]});

function load(config: Json, keras_version = '3.15.1') {
  const modelTopology = {keras_version, model_config: config};
  const artifacts = {modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0)};
  return loadKerasModel(tf.io.fromMemory(artifacts));
}

/** Expects that it is refused with this text, and that no tensor is left. */
async function expectRefused(config: Json, message: string, version?: string) {
  const before = tf.memory().numTensors;
  const text = await load(config, version).then(
    () => 'it was loaded',
    (error: Error) => error.message,
  );
  expect(text).toContain(message);
  expect(tf.memory().numTensors).toBe(before);
}

const sequential = (...layers: Json[]) => layer('Sequential', {layers});

/** A functional model in which a layer takes inputs of these shapes. */
function functional(shapes: (number | null)[][], last: Json): Json {
  const inputs = shapes.map((shape, i) => ({
    ...input(shape, `input_${i}`),
    name: `input_${i}`,
    inbound_nodes: [],
  }));
  const refs = inputs.map(({name}) => [name, 0, 0]);
  const end = {...last, name: last.config.name, inbound_nodes: [refs.map((ref) => [...ref, {}])]};
  return layer('Functional', {
    name: 'model',
    layers: [...inputs, end],
    input_layers: refs,
    output_layers: [[end.name, 0, 0]],
  });
}

const good = () => functional([[4]], layer('Activation', {name: 'last', activation: 'relu'}));

test('the good models load', async () => {
  for (const config of [good(), sequential(input([4]), layer('ReLU'))]) {
    const model = await load(config);
    expect(model.outputs[0].shape).toEqual([null, 4]);
    model.dispose();
  }
});

describe('the form of the config', () => {
  const deep = () => {
    let value: Json = 1;
    for (let i = 0; i < 100; i++) value = [value];
    return value;
  };
  const changes: [what: string, change: (config: Json) => void, message: string][] = [
    ['class_name', (c) => (c.config.layers[1].class_name = ''), 'the name of a class, but is ""'],
    [
      'class_name',
      (c) => (c.config.layers[1].class_name = 'toString'),
      'model.config.layers[1].class_name must be the name of a class',
    ],
    ['layer', (c) => (c.config.layers[1] = 3), 'model.config.layers[1] must be a layer, but is 3'],
    ['layer', (c) => (c.config.layers[1] = []), 'model.config.layers[1] must be a layer'],
    [
      'config',
      (c) => (c.config.layers[1].config = null),
      'model.config.layers[1].config must be an object, a list or a name, but is null',
    ],
    [
      'config',
      (c) => (c.config.layers[1].config = 7),
      'model.config.layers[1].config must be an object, a list or a name, but is 7',
    ],
    [
      'config',
      (c) => (c.config.layers[1].config = ['relu']),
      'model.config.layers[1].config must be an object, but is',
    ],
    [
      'module',
      (c) => (c.config.layers[1].module = 3),
      'model.config.layers[1].module must be a name',
    ],
    [
      'batch_shape',
      (c) => (c.config.layers[0].config.batch_shape = [null, -1]),
      'model.config.layers[0].config.batch_shape must be a list of whole numbers, or null',
    ],
    [
      'batch_input_shape',
      (c) => (c.config.layers[1].config.batch_input_shape = [null, 1.5]),
      'model.config.layers[1].config.batch_input_shape must be a list of whole numbers',
    ],
    [
      'batch_shape',
      (c) => (c.config.layers[0].config.batch_shape = 4),
      'config.batch_shape must be a list of whole numbers, or null where a size is open, but is 4',
    ],
    ['name', (c) => (c.config.name = 3), 'model.config.name must be a name, but is 3'],
    ['layers', (c) => (c.config.layers = []), 'model.config.layers must be a list of layers'],
    [
      'layers',
      (c) => (c.config.layers = {}),
      'the config is not that of a sequential or functional model, with its layers.',
    ],
    [
      'a name',
      (c) => Object.assign(c.config.layers[1], {name: 4}),
      'model.config.layers[1].name must be a name, but is 4',
    ],
    [
      'two of one name',
      (c) => Object.assign(c.config.layers[1], {name: 'input_0'}),
      'model.config.layers[1].name must be the only one of its name',
    ],
    [
      'calls',
      (c) => (c.config.layers[1].inbound_nodes = 'input_0'),
      'model.config.layers[1].inbound_nodes must be a list of calls',
    ],
    [
      'a call',
      (c) => (c.config.layers[1].inbound_nodes = [[]]),
      'model.config.layers[1].inbound_nodes[0] must be a call, but is []',
    ],
    [
      'a call',
      (c) => (c.config.layers[1].inbound_nodes = [7]),
      'model.config.layers[1].inbound_nodes[0] must be a call, but is 7',
    ],
    ...[[3, 0, 0], ['input_0', '0', 0], ['input_0', 0.5, 0], ['input_0', 0, 0, 5], 'input_0'].map(
      (tensor): [string, (config: Json) => void, string] => [
        'a tensor',
        (c) => (c.config.layers[1].inbound_nodes = [[tensor]]),
        'inbound_nodes[0] must be a list of [layer, call, output, options]',
      ],
    ),
    [
      'args',
      (c) => (c.config.layers[1].inbound_nodes = [{args: {}}]),
      'inbound_nodes[0].args must be a list, but is {}',
    ],
    [
      'kwargs',
      (c) => (c.config.layers[1].inbound_nodes = [{args: [], kwargs: []}]),
      'inbound_nodes[0].kwargs must be an object, but is []',
    ],
    [
      'depth',
      (c) => (c.config.layers[1].config.deep = deep()),
      'must be nested no more than 100 deep',
    ],
    [
      'an option that is a layer',
      (c) => (c.config.layers[1] = layer('TimeDistributed', {layer: 'Dense'})),
      'model.config.layers[1].config.layer must be a layer, but is "Dense"',
    ],
    [
      'a cell',
      (c) => (c.config.layers[1] = layer('RNN')),
      'model.config.layers[1].config.cell must be a layer',
    ],
    [
      'cells',
      (c) => {
        const cell = layer('StackedRNNCells', {cells: 3});
        c.config.layers[1] = layer('RNN', {cell});
      },
      'model.config.layers[1].config.cell.config.cells must be a list of layers, but is 3',
    ],
    [
      'layers in a layer',
      (c) => (c.config.layers[1] = layer('Dense', {layers: []})),
      'model.config.layers[1].config.layers must be absent in a layer of the class Dense',
    ],
  ];

  test.each(changes)('%s', async (_, change, message) => {
    const config = good();
    change(config);
    await expectRefused(config, message);
  });

  test('no more than 5000 layers', async () => {
    const many = Array.from({length: 5000}, (_, i) => layer('ReLU', {name: `relu_${i}`}));
    await expectRefused(sequential(...many), 'must be one of no more than 5000 layers');
  });

  test('no list of outputs in a sequential model', async () => {
    const config = sequential(input([4]), layer('ReLU'));
    config.config.output_layers = [['relu', 0, 0]];
    await expectRefused(config, 'model.config.output_layers must be absent');
  });

  test.each([
    [3, ''],
    [{config: {}}, ''],
    [
      {class_name: 'Mine', config: {}},
      ' It is of the class Mine, which makes its layers in Python',
    ],
    [
      {class_name: 'BertBackbone', module: 'keras_hub.models', config: {}},
      'keras.Model(backbone.inputs, backbone.outputs).save(',
    ],
  ])('that is no model: %j', async (config, advice) => {
    const message = 'the config is not that of a sequential or functional model, with its layers.';
    await expectRefused(config, message + (advice.startsWith(' ') ? advice : ''));
    await expectRefused(config, advice);
  });
});

describe('options that tfjs has not', () => {
  const decoder = {num_query_heads: 2, num_key_value_heads: 1, intermediate_dim: 6};
  const ofHub = (name: string, config: Json): Json => ({
    ...layer(name, config),
    module: 'keras_hub.src.models',
    registered_name: name,
  });
  const cases: [Json, string][] = [
    ...['GRU', 'LSTM', 'SimpleRNN'].map((name): [Json, string] => [
      layer(name, {units: 2, time_major: true}),
      `layer "${name.toLowerCase()}" in the model "sequential": ${name} of tfjs has no time_major = true, only false.`,
    ]),
    [
      layer('BatchNormalization', {renorm: true}),
      'layer "batchnormalization" in the model "sequential": BatchNormalization of tfjs has no renorm = true, only false.',
    ],
    [
      layer('ReversibleEmbedding', {input_dim: 3, output_dim: 2, reverse_dtype: 'float16'}),
      'ReversibleEmbedding of tfjs has no reverse_dtype = "float16", only null or "float32".',
    ],
    [layer('FlaxLayer'), 'it runs a module of Flax, which the file does not hold.'],
    [layer('JaxLayer'), 'it runs a function of JAX, which the file does not hold.'],
    [layer('TorchModuleWrapper'), 'it runs a module of PyTorch, which the file does not hold.'],
    [layer('HashedCrossing', {num_bins: 3}), 'it hashes its input by a function of TensorFlow'],
    [
      layer('SpectralNormalization', {layer: layer('ReLU')}),
      'SpectralNormalization layer "spectralnormalization": ReLU layer "relu" has neither a kernel',
    ],
    [layer('Concatenate', {axis: 5}), 'Concatenate layer "concatenate": there is no axis 5'],
    [
      layer('Dense', {units: 2, activation: 'tanhh'}),
      'Dense layer "dense": tfjs has no activation "tanhh".',
    ],
    [
      ofHub('MistralTransformerDecoder', {...decoder, sliding_window: 0}),
      'layer "mistraltransformerdecoder": its window must be of 1 position or more, but is 0.',
    ],
    [
      ofHub('MistralTransformerDecoder', {...decoder, num_query_heads: 3}),
      '4 features cannot be shared by 3 heads of the queries and 1 of the keys',
    ],
    [
      ofHub('Gemma3DecoderBlock', {...decoder, head_dim: 2, use_bidirectional_attention: true}),
      'Gemma3DecoderBlock of tfjs has no use_bidirectional_attention = true, only false.',
    ],
    [
      ofHub('Phi3Decoder', {...decoder, rope_scaling_type: 'su'}),
      'Phi3Decoder of tfjs has no rope_scaling_type = "su", only null.',
    ],
  ];
  test.each(cases)('%j', async (last, message) => {
    await expectRefused(sequential(input([3, 4]), last), message);
  });
});

describe('shapes that do not fit', () => {
  test('a model within a model, called with a tensor of another rank, which Keras would change', async () => {
    const inner = {...good(), name: 'inner', config: {...good().config, name: 'inner'}};
    const outer = functional([[4, 1]], inner);
    outer.config.output_layers = [['inner', 1, 0]]; // Keras 3 counts the call that made the model too
    await expectRefused(
      outer,
      'layer "inner" was made for an input of the shape [null,4], but is called with one of [null,4,1].',
    );
  });

  test('a product with a tensor that is empty, which tfjs cannot reshape', () =>
    expectRefused(
      functional([[2, 2, 0]], layer('Dense', {units: 3})),
      'Dense layer "dense": its weight kernel would have the shape [0,3], as its input is empty.',
    ));

  const wrapped: [inner: string, config: Json, shape: number[], rank: number][] = [
    ['GlobalMaxPooling2D', {}, [2, 4, 3], 4],
    ['GlobalAveragePooling1D', {}, [2, 4, 4, 3], 3],
    ['GlobalMaxPooling3D', {}, [2, 4, 4, 3], 5],
    ['UpSampling1D', {}, [2, 4, 4, 3], 3],
    ['Cropping1D', {}, [2, 4, 4, 3], 3],
    ['MaxPooling1D', {}, [2, 4, 4, 3], 3],
    ['RepeatVector', {n: 2}, [2, 4, 3], 2],
    ['Permute', {dims: [2, 1]}, [2, 4, 4, 3], 3],
    ['LSTM', {units: 2}, [2, 4, 4, 3], 3],
  ];
  test.each(wrapped)('TimeDistributed %s on steps of another rank', (name, config, shape, rank) => {
    const inner = layer(name, config);
    return expectRefused(
      functional([shape], layer('TimeDistributed', {layer: inner})),
      `TimeDistributed layer "timedistributed": ${name} layer "${name.toLowerCase()}" takes inputs of ` +
        `rank ${rank}, but is given steps of the shape [null,${shape.slice(1)}]. In Python reshape`,
    );
  });

  const cases: [(number | null)[][], Json, string][] = [
    ...['Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Subtract'].map(
      (name): [number[][], Json, string] => [
        [
          [2, 3],
          [2, 4],
        ],
        layer(name),
        `${name} layer "${name.toLowerCase()}": the shapes [,2,3], [,2,4] cannot be merged.`,
      ],
    ),
    [
      [
        [2, 3],
        [4, 3],
      ],
      layer('Concatenate', {axis: -1}),
      'Concatenate layer "concatenate": the shapes [,2,3], [,4,3] differ in more than axis 2.',
    ],
    [
      [
        [2, 3],
        [2, 3],
      ],
      layer('Concatenate', {axis: 3}),
      'Concatenate layer "concatenate": there is no axis 3 in a tensor of rank 3.',
    ],
    [
      [
        [2, 3],
        [2, 3],
      ],
      layer('Concatenate', {axis: -4}),
      'Concatenate layer "concatenate": there is no axis -4 in a tensor of rank 3.',
    ],
    [
      [
        [2, 3],
        [2, 3],
      ],
      layer('Dot', {axes: [1, 2]}),
      'Dot layer "dot": axis 1 of [,2,3] and axis 2 of [,2,3] differ in size.',
    ],
    [
      [
        [2, 4],
        [3, 4],
      ],
      layer('GroupQueryAttention', {head_dim: 2, num_query_heads: 3, num_key_value_heads: 2}),
      'numKeyValueHeads, 2, must divide numQueryHeads, 3.',
    ],
    [
      [
        [2, 2, 4],
        [3, 4],
      ],
      layer('GroupQueryAttention', {head_dim: 2, num_query_heads: 4, num_key_value_heads: 2}),
      'the query must have 3 dimensions, but is [,2,2,4].',
    ],
    ...(['num_heads', 'key_dim', 'value_dim'] as const).map(
      (option): [number[][], Json, string] => [
        [
          [2, 4],
          [3, 4],
        ],
        layer('MultiHeadAttention', {num_heads: 2, key_dim: 2, [option]: -1}),
        'must be a whole number above 0, but is -1.',
      ],
    ),
  ];
  test.each(cases)('%j into %j', (shapes, last, message) =>
    expectRefused(functional(shapes, last), message),
  );
});

describe('what Keras trains otherwise', () => {
  const compiled = {
    optimizer_config: {class_name: 'SGD', config: {learning_rate: 0.1}},
    loss: 'mean_squared_error',
  };
  const withTraining = (config: Json) => {
    const training_config = compiled;
    const modelTopology = {keras_version: '2.15.0', model_config: config, training_config};
    return loadKerasModel(
      tf.io.fromMemory({modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0)}),
      {customObjects: {'Own>Thing': class extends layers.Layer {}}},
    );
  };
  const old = (...layers: Json[]) =>
    sequential(
      {class_name: 'InputLayer', config: {name: 'input', batch_input_shape: [null, 3, 2]}},
      ...layers,
    );
  const inInference = () => {
    const config = functional([[3, 2]], layer('Dropout', {rate: 0.5}));
    config.config.layers[1].inbound_nodes = [[['input_0', 0, 0, {training: false}]]];
    return config;
  };
  const cases: [string, Json, string | undefined][] = [
    [
      'steps',
      old(layer('Masking')),
      'Keras leaves what is masked in its output "masking" out of the loss',
    ],
    [
      "steps that a class of a user's own may hand on",
      old(layer('Masking'), {class_name: 'Own>Thing', config: {name: 'own'}}),
      'Keras may leave the steps that Masking layer "masking" masks out of the loss',
    ],
    ['no steps', old(layer('Masking'), layer('GlobalMaxPooling1D')), undefined],
    ['no mask', old(layer('ReLU')), undefined],
    [
      'a mask within a wrapper',
      old(layer('TimeDistributed', {layer: layer('ReLU')}), layer('Masking')),
      'masked in its output "masking"',
    ],
    ['inference', inInference(), 'Dropout layer "dropout" is called with training=False'],
  ];
  test.each(cases)('%s', async (_, config, reason) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    warn.mockClear(); // of what other tests have said, where their files are run as one
    const model = await withTraining(config);
    const said = warn.mock.calls.map(([text]) => String(text));
    warn.mockRestore();
    expect(said).toEqual(reason ? [expect.stringContaining(reason)] : []);
    expect(model.optimizer === undefined).toBe(reason !== undefined);
    model.dispose();
  });
});

describe('calls that take nothing', () => {
  test('a layer', async () => {
    const config = good();
    config.config.layers[1].inbound_nodes = [{args: [], kwargs: {}}];
    await expectRefused(config, 'Activation layer "last" takes no tensor.');
  });

  test.each([
    [{output_layers: []}, "the model's output takes no tensor."],
    [{input_layers: []}, "the model's input takes no tensor."],
    [{output_layers: [['last', 1, 0]]}, 'takes [last, 1, 0], which no call of a layer gives.'],
    [{input_layers: [['last', 0, 0]]}, "the model's input must be an InputLayer, but is"],
  ])('%j', async (change, message) => {
    const config = good();
    Object.assign(config.config, change);
    await expectRefused(config, message);
  });
});
