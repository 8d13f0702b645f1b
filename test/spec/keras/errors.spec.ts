/** What is wrong with a file of Keras is said in an error, and nothing of it stays loaded. */
import {jest} from '@jest/globals';
import {ready} from 'h5wasm';
import {type KerasSource, loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {kerasFixtures} from '../../fixtures/keras/index.js';
import {gunzip} from '../../support/gunzip.js';
import {unzip, zip} from '../../support/zip.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form
type Json = any;

const encode = (value: Json) => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

async function file(name: string, ending: 'keras' | 'h5' = 'keras'): Promise<Uint8Array> {
  const fixture = kerasFixtures.find((each) => each.name === name);
  return gunzip(fixture?.files[ending] as string);
}

/** The model of a fixture with its config changed. */
async function changed(name: string, change: (config: Json) => void): Promise<Uint8Array> {
  const parts = await unzip(await file(name));
  const config = decode(parts['config.json']);
  change(config);
  return zip({...parts, 'config.json': encode(config)});
}

/** What the converter made of a model. */
async function converted() {
  const {json, weights} = kerasFixtures[0].converted.h5;
  const {modelTopology, weightsManifest} = decode(await gunzip(json));
  return {modelTopology, weightSpecs: weightsManifest[0].weights, bytes: await gunzip(weights)};
}

const layer = (config: Json, className: string) =>
  config.config.layers.find(({class_name}: Json) => class_name === className);

/** Expects loading to fail with all of `messages`, to leave no tensor and to print nothing. */
async function expectError(source: KerasSource, ...messages: string[]) {
  const prints = (['error', 'warn', 'log'] as const).map((method) =>
    jest.spyOn(console, method).mockImplementation(() => {}),
  );
  const before = tf.memory().numTensors;
  const error = await loadKerasModel(source).then(
    () => new Error('it was loaded'),
    (reason: Error) => reason,
  );
  for (const message of ['loadKerasModel: ', ...messages]) expect(error.message).toContain(message);
  expect(tf.memory().numTensors).toBe(before);
  for (const print of prints) {
    expect(print.mock.calls).toEqual([]);
    print.mockRestore();
  }
}

describe('a file cut short', () => {
  test.each(['keras', 'h5'] as const)('.%s', async (ending) => {
    const whole = await file('keras3_mlp', ending);
    for (const length of [9, 100, 2000, whole.length >> 1, whole.length - 100]) {
      await expectError(whole.slice(0, length));
    }
  });

  test('of none and of one byte', async () => {
    await expectError(new Uint8Array(), 'neither a .keras nor an .h5 file nor a model.json');
    await expectError(Uint8Array.of(80), 'neither a .keras nor an .h5 file nor a model.json');
  });
});

test('a byte changed in a .keras file', async () => {
  const bytes = await file('keras2_mlp');
  bytes[bytes.length >> 1] ^= 1;
  await expectError(bytes, 'model.weights.h5 in the zip is damaged and cannot be read: ');
});

test('bytes changed in the structure of an .h5 file', async () => {
  const bytes = await file('keras2_mlp', 'h5');
  bytes.fill(255, 100, 1000);
  const {FS} = (await ready) as unknown as {FS: {streams: (object | null)[]}};
  const open = FS.streams.filter(Boolean).length;
  await expectError(bytes, 'the HDF5 file is damaged or cut short: ');
  expect(FS.streams.filter(Boolean).length).toBe(open); // the library has room for 4096
});

test.each(['config.json', 'metadata.json', 'model.weights.h5'])(
  'a zip without %s',
  async (name) => {
    const {[name]: _, ...parts} = await unzip(await file('keras3_mlp'));
    await expectError(await zip(parts), `the zip has no ${name}`);
  },
);

test('an HDF5 file of weights alone', async () => {
  const parts = await unzip(await file('keras3_mlp'));
  await expectError(parts['model.weights.h5'], 'no whole model of Keras', 'model.save()');
});

test('a config that is no model of layers', async () => {
  const parts = await unzip(await file('keras3_mlp'));
  const of = (config: Uint8Array) => zip({...parts, 'config.json': config});
  await expectError(await of(encode('[')), 'not that of a sequential or functional model');
  await expectError(await of(Uint8Array.of(91)), 'config.json is no JSON');
  await expectError(
    await of(encode({class_name: 'Mine', config: {}})),
    'It is of the class Mine, which makes its layers in Python',
  );
});

describe('JSON', () => {
  test.each([
    [{}, 'the JSON is no model'],
    [{format: 'graph-model'}, "loadGraphModel of 'tfjs-layernorm/graph'"],
    [{modelTopology: {}, weightsManifest: []}, 'a model.json alone has no weights'],
  ])('%j', (json, message) => expectError(encode(json), message));

  test('with fewer weights than it says', async () => {
    const {modelTopology, weightSpecs, bytes} = await converted();
    const weightData = bytes.slice(4).buffer;
    const artifacts = {modelTopology, weightSpecs, weightData};
    await expectError({load: async () => artifacts}, 'the weights need', 'bytes, but there are');
    const fewer = {...artifacts, weightSpecs: weightSpecs.slice(1)};
    await expectError({load: async () => fewer}, 'Dense layer "dense', 'the file');
  });

  test('whose weights are not as it says of them', async () => {
    const {modelTopology, weightSpecs, bytes} = await converted();
    const [first, ...others] = weightSpecs;
    const weightData = bytes.slice().buffer;
    const expectErrorOf = async (change: object, ...message: string[]) => {
      const weights = [{...first, ...change}, ...others];
      const artifacts = {modelTopology, weightSpecs: weights, weightData};
      await expectError({load: async () => artifacts}, ...message);
      const json = {modelTopology, weightsManifest: [{paths: ['weights.bin'], weights}]};
      await expectError(encode(json), 'weightsManifest[0].weights[0]', ...message.slice(1));
    };
    await expectErrorOf({name: 7}, 'weightSpecs[0].name must be a name, but is 7');
    await expectErrorOf({shape: [2, '3']}, 'weightSpecs[0].shape must be a list of whole numbers');
    await expectErrorOf(
      {dtype: 'string'},
      'weightSpecs[0].dtype must be one of float32, int32, bool',
    );
    const scaled = {dtype: 'uint8', scale: '1', min: 0};
    await expectErrorOf(
      {quantization: scaled},
      'weightSpecs[0].quantization.scale must be a number',
    );
    const halved = {dtype: 'float32', quantization: {dtype: 'float8'}};
    await expectErrorOf(halved, 'weightSpecs[0].quantization.dtype must be uint8 or uint16');
    const elsewhere = {modelTopology, weightsManifest: [{paths: [7], weights: []}]};
    await expectError(encode(elsewhere), 'weightsManifest[0].paths must be a list of names');
  });

  test('that tfjs has saved', async () => {
    const modelTopology = {class_name: 'Sequential', keras_version: 'tfjs-layers 4.22.0'};
    await expectError({load: async () => ({modelTopology})}, 'load it with tf.loadLayersModel');
  });
});

describe('a layer of an unknown class', () => {
  test('is named with its place and the way to register it', async () => {
    const bytes = await changed('keras3_nested', (config) => {
      const inner = layer(config, 'Functional');
      inner.config.layers[1].class_name = 'Foo';
      inner.config.layers[1].registered_name = 'Custom>Foo';
    });
    await expectError(
      bytes,
      'layer "dense',
      ' in the model "functional',
      ' → "inner" is of the class Foo, which is not known.',
      'tf.serialization.registerClass(TheClass)',
    );
  });

  test('within a wrapper', async () => {
    const bytes = await changed('keras3_seq2seq', (config) => {
      layer(config, 'TimeDistributed').config.layer.class_name = 'Foo';
    });
    await expectError(bytes, 'TimeDistributed layer "time_distributed', 'is of the class Foo');
  });

  test('is built once its class is registered', async () => {
    class Doubled extends tf.layers.Layer {
      static className = 'Doubled';
      override call(inputs: tf.Tensor | tf.Tensor[]) {
        return tf.mul([inputs].flat()[0], 2);
      }
    }
    tf.serialization.registerClass(Doubled);
    const bytes = await changed('keras3_mlp', ({config}) => {
      config.layers.push({
        module: 'mine',
        class_name: 'Doubled',
        config: {name: 'doubled'},
        registered_name: 'Mine>Doubled',
      });
    });
    const [model, doubled] = [
      await loadKerasModel(await file('keras3_mlp')),
      await loadKerasModel(bytes),
    ];
    const x = tf.ones([2, 6]);
    const outputs = [model, doubled].map((each) => each.predict(x) as tf.Tensor);
    const [y, twice] = await Promise.all(outputs.map((each) => each.data()));
    expect(Array.from(twice)).toEqual(Array.from(y, (value) => 2 * value));
    model.dispose();
    doubled.dispose();
    x.dispose();
  });
});

describe('weights that do not fit', () => {
  test('in their shape', async () => {
    const bytes = await changed('keras3_mlp', (config) => {
      layer(config, 'Dense').config.units = 9;
    });
    await expectError(bytes, 'its weight 0, kernel, has the shape [6,9], but in the file [6,8].');
  });

  test('in their number', async () => {
    const fewer = await changed('keras3_mlp', (config) => {
      layer(config, 'Dense').config.use_bias = false;
    });
    await expectError(fewer, 'has 1 weights, but the file 2 for it.');
    const absent = await changed('keras3_mlp', ({config}) => config.layers.pop());
    await expectError(absent, 'the file has the weight layers/dense_1/vars/0');
  });
});

describe('what tfjs cannot do is not ignored', () => {
  test.each([
    ['Dense', {activation: 'glu'}, 'its activation glu halves the output.'],
    ['Dense', {activation: 'no_such'}, 'tfjs has no activation "no_such".'],
    ['MultiHeadAttention', {sliding_window: 0}, 'slidingWindow must be a whole number above 0'],
    ['MultiHeadAttention', {attention_axes: [2]}, 'attentionAxes must be among [1]'],
    ['MultiHeadAttention', {num_heads: 0}, 'numHeads must be a whole number above 0, but is 0.'],
  ])('%s %j', async (className, options, message) => {
    const bytes = await changed('keras3_encoder', (config) => {
      Object.assign(layer(config, className).config, options);
    });
    await expectError(bytes, className, message);
  });

  test.each([
    ['Lambda', {}, 'it runs a function of Python'],
    ['TFSMLayer', {}, 'it runs a SavedModel'],
    [
      'TextVectorization',
      {},
      'strings, which layers of tfjs do not take. In Python, cut the model',
    ],
    ['StringLookup', {}, ".get_layer('dense').output, model.outputs).save('cut.keras')"],
    ['Hashing', {}, 'it hashes its input'],
    ['Discretization', {num_bins: 3}, 'it has no bin_boundaries'],
    ['IntegerLookup', {}, 'its vocabulary is not in its config'],
    ['IntegerLookup', {vocabulary: [2 ** 40]}, 'that an int32 can hold'],
    ['IntegerLookup', {vocabulary: [1], output_mode: 'tf_idf'}, 'tf_idf is not supported'],
    ['IntegerLookup', {vocabulary: [1], num_oov_indices: 2, salt: [1, 2]}, 'it hashes numbers'],
    ['EinsumDense', {equation: 'ab,bc', output_shape: 8}, 'its equation "ab,bc" must be of a form'],
    ['EinsumDense', {equation: 'abc,cd->abd', output_shape: 8}, 'does not fit the input'],
  ])('a %s %j in the place of a Dense', async (class_name, config, message) => {
    const bytes = await changed('keras3_mlp', (model) => {
      const dense = layer(model, 'Dense');
      Object.assign(dense, {class_name, config: {name: dense.config.name, ...config}});
    });
    await expectError(bytes, '"dense"', message);
  });

  test('a penalty on what a layer within another gives', async () => {
    const bytes = await changed('keras3_masked_lstm', (config) => {
      const inner = layer(config, 'Bidirectional').config.layer;
      inner.config.activity_regularizer = {class_name: 'L2', config: {l2: 0.1}};
    });
    await expectError(bytes, 'within Bidirectional layer "bidirectional', 'activity_regularizer');
  });

  test('called with training', async () => {
    const bytes = await changed('keras3_encoder', (config) => {
      layer(config, 'MultiHeadAttention').inbound_nodes[0].kwargs = {training: true};
    });
    const where = 'MultiHeadAttention layer "multi_head_attention';
    await expectError(bytes, where, 'is called with training = true');
  });
});
