/** Makes a `.keras` file of a given size, with an Embedding that has a quarter of it and Dense layers. */
import {rmSync} from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import {BlobWriter, configure, TextReader, Uint8ArrayReader, ZipWriter} from '@zip.js/zip.js';
import {type Group, File as Hdf5File, ready} from 'h5wasm/node';
import {Random} from '../../tools/random.js';

configure({useWebWorkers: false});

const WIDTH = 1024;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** @param bytes about how large the file is to be */
export async function makeKerasFile(path: string, bytes: number): Promise<void> {
  const words = Math.round(bytes / 4 / (WIDTH * BYTES));
  const denses = Math.round((bytes * 3) / 4 / (WIDTH * WIDTH * BYTES));
  const layer = (class_name: string, config: object) => ({
    module: 'keras.layers',
    class_name,
    config: {...config, dtype: 'float32', trainable: true},
    registered_name: null,
  });
  const dense = {units: WIDTH, activation: 'linear', use_bias: true};
  const layers = [
    layer('InputLayer', {name: 'words', batch_shape: [null, 8], sparse: false}),
    layer('Embedding', {name: 'embedding', input_dim: words, output_dim: WIDTH, mask_zero: false}),
    ...Array.from({length: denses}, (_, i) => layer('Dense', {name: nameOf('dense', i), ...dense})),
  ];
  const config = {
    module: 'keras',
    class_name: 'Sequential',
    config: {name: 'sequential', layers},
    registered_name: null,
  };
  const weightsFile = `${path}.h5`;
  await writeWeights(weightsFile, words, denses);
  const zip = new ZipWriter(new BlobWriter(), {level: 0});
  await zip.add('metadata.json', new TextReader(JSON.stringify({keras_version: '3.15.0'})));
  await zip.add('config.json', new TextReader(JSON.stringify(config)));
  await zip.add('model.weights.h5', new Uint8ArrayReader(await readFile(weightsFile)));
  await writeFile(path, new Uint8Array(await (await zip.close()).arrayBuffer()));
  rmSync(weightsFile);
}

const nameOf = (kind: string, i: number) => (i === 0 ? kind : `${kind}_${i}`);

async function writeWeights(path: string, words: number, denses: number): Promise<void> {
  await ready;
  const file = new Hdf5File(path, 'w');
  const random = new Random(1);
  const layers = file.create_group('layers');
  const add = (layer: string, shapes: number[][]) => {
    const vars = (layers.create_group(layer) as Group).create_group('vars') as Group;
    shapes.forEach((shape, i) => {
      const count = shape.reduce((product, n) => product * n, 1);
      vars.create_dataset({name: String(i), data: random.normal(count), shape, dtype: '<f'});
    });
  };
  add('embedding', [[words, WIDTH]]);
  for (let i = 0; i < denses; i++) add(nameOf('dense', i), [[WIDTH, WIDTH], [WIDTH]]);
  file.close();
}
