/** What an `.h5` file may be like besides what Keras usually writes: small files written by h5wasm. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import hdf5, {type File, type Group} from 'h5wasm';
import {loadKerasModel} from '../../src/keras/index.js';

let fs: Fs;

beforeAll(async () => {
  fs = (await hdf5.ready).FS as unknown as Fs;
});

const layer = (class_name: string, config: object) => ({class_name, config});
const config = layer('Sequential', {
  name: 'model',
  layers: [
    layer('InputLayer', {name: 'input', batch_input_shape: [null, 2]}),
    layer('Dense', {name: 'dense', units: 2, activation: 'linear', use_bias: true}),
  ],
});

/** The bytes of a file with these weights of the layer `dense`, changed before it is closed. */
function written(
  weights: Record<string, number[]>,
  change: (file: File, group: Group) => void = listed(['dense'], Object.keys(weights)),
): Uint8Array {
  const file = new hdf5.File('written.h5', 'w');
  file.create_attribute('model_config', JSON.stringify(config));
  file.create_attribute('keras_version', '2.15.0');
  const group = file.create_group('model_weights');
  const dense = group.create_group('dense');
  for (const [name, values] of Object.entries(weights)) {
    const shape = values.length > 2 ? [2, 2] : [2];
    dense.create_group(name.split('/')[0]);
    group.create_dataset({name: `dense/${name}`, data: Float32Array.from(values), shape});
  }
  change(file, group);
  file.close();
  const bytes = fs.readFile('written.h5');
  fs.unlink('written.h5');
  return bytes;
}

interface Fs {
  readFile(name: string): Uint8Array;
  unlink(name: string): void;
  readdir(path: string): string[];
  streams: unknown[];
}

/** Writes the lists by which Keras finds its weights. */
const listed = (layers: string[], weights: string[]) => (_: File, group: Group) => {
  group.create_attribute('layer_names', layers);
  (group.get('dense') as Group).create_attribute('weight_names', weights);
};

const KERNEL = 'dense/kernel:0';
const BIAS = 'dense_bias/bias:0';
const good = {[KERNEL]: [1, 2, 3, 4], [BIAS]: [10, 20]};

async function predicted(bytes: Uint8Array): Promise<number[]> {
  const model = await loadKerasModel(bytes);
  const y = tf.tidy(() => Array.from((model.predict(tf.tensor([[1, 1]])) as tf.Tensor).dataSync()));
  model.dispose();
  return y;
}

/** The files and the streams that the library holds open. */
function held(): unknown[] {
  return [fs.readdir('/').sort(), fs.streams.filter(Boolean).length];
}

test('the weights are those of the lists, and the library is left without a file', async () => {
  const before = held();
  expect(await predicted(written(good))).toEqual([14, 26]);
  expect(held()).toEqual(before);
});

test('lists in pieces, as Keras cuts what is longer than 64 KB', async () => {
  const bytes = written(good, (_, group) => {
    group.create_attribute('layer_names0', ['dense']);
    const dense = group.get('dense') as Group;
    dense.create_attribute('weight_names0', [KERNEL]);
    dense.create_attribute('weight_names1', [BIAS]);
  });
  expect(await predicted(bytes)).toEqual([14, 26]);
});

const refused: [what: string, change: (file: File, group: Group) => void, message: string][] = [
  [
    'a name twice',
    listed(['dense'], [KERNEL, KERNEL]),
    'the .h5 file has one "dense/kernel:0" for several weights of the layer "dense"',
  ],
  [
    'a name without a weight',
    listed(['dense'], [KERNEL, 'dense/other:0']),
    'it has not the weight "dense/other:0" that it lists for the layer "dense"',
  ],
  [
    'a weight of the model itself',
    (file, group) => {
      listed(['dense'], Object.keys(good))(file, group);
      group.create_group('top_level_model_weights').create_attribute('weight_names', ['scale:0']);
    },
    'the model has the weight "scale:0", which is of none of its layers',
  ],
];

test.each(refused)(
  '%s is refused, and no file and no tensor is left',
  async (_, change, message) => {
    const bytes = written(good, change);
    const before = [tf.memory().numTensors, ...held()];
    await expect(loadKerasModel(bytes)).rejects.toThrow(message);
    expect([tf.memory().numTensors, ...held()]).toEqual(before);
  },
);

test.each<[dtype: string, values: number[] | bigint[]]>([
  ['<d', [1, 2, 3, 4]],
  ['<i', [1, 2, 3, 4]],
  ['<B', [1, 2, 3, 4]],
  ['<q', [1n, 2n, 3n, 4n]],
])('a kernel of the type %s is read as its numbers', async (dtype, data) => {
  const bytes = written({[BIAS]: [10, 20]}, (file, group) => {
    (group.get('dense') as Group).create_group('dense');
    group.create_dataset({name: `dense/${KERNEL}`, data: data as number[], shape: [2, 2], dtype});
    listed(['dense'], [KERNEL, BIAS])(file, group);
  });
  expect(await predicted(bytes)).toEqual([14, 26]);
});

test('a large kernel is read in pieces, each in its place', async () => {
  const [rows, cols] = [700, 400]; // more numbers than are read at once, and no whole number of pieces
  const data = Float32Array.from({length: rows * cols}, (_, i) => i % 9973);
  const file = new hdf5.File('large.h5', 'w');
  const large = layer('Sequential', {
    name: 'model',
    layers: [
      layer('InputLayer', {name: 'input', batch_input_shape: [null, rows]}),
      layer('Dense', {name: 'dense', units: cols, use_bias: false}),
    ],
  });
  file.create_attribute('model_config', JSON.stringify(large));
  file.create_attribute('keras_version', '2.15.0');
  const group = file.create_group('model_weights');
  group.create_group('dense').create_group('dense');
  group.create_dataset({name: `dense/${KERNEL}`, data, shape: [rows, cols]});
  listed(['dense'], [KERNEL])(file, group);
  file.close();
  const bytes = fs.readFile('large.h5');
  fs.unlink('large.h5');
  const model = await loadKerasModel(bytes);
  expect(model.layers[1].getWeights()[0].dataSync()).toEqual(data);
  model.dispose();
});

test.each<[string, (file: File, group: Group) => void, string]>([
  [
    'a layer that is listed and not there',
    listed(['other'], [KERNEL, BIAS]),
    'Dense layer "dense" has 2 weights, but the file 0 for it.',
  ],
  [
    'a weight that is a text',
    (file, group) => {
      group.create_dataset({name: 'dense/text', data: ['a']});
      listed(['dense'], ['text', BIAS])(file, group);
    },
    'it has not the weight "text" that it lists for the layer "dense"',
  ],
  [
    'a config that is no text',
    (file, group) => {
      file.delete_attribute('model_config');
      file.create_attribute('model_config', 7);
      listed(['dense'], [KERNEL, BIAS])(file, group);
    },
    'the HDF5 file holds no whole model of Keras',
  ],
])('%s is refused', async (_, change, message) => {
  const before = [tf.memory().numTensors, ...held()];
  await expect(loadKerasModel(written(good, change))).rejects.toThrow(message);
  expect([tf.memory().numTensors, ...held()]).toEqual(before);
});

test('a file of half its length is refused, and no file is left', async () => {
  const bytes = written(good);
  const before = held();
  await expect(loadKerasModel(bytes.subarray(0, bytes.length / 2))).rejects.toThrow(
    /^loadKerasModel: .*damaged/,
  );
  expect(held()).toEqual(before);
});
