/**
 * Opens models of Keras with one loader, in a process of its own: the classes of this package take the
 * place of tfjs's as soon as they are imported.
 *
 *     keras_child.ts ours|stock [FOLDER …]      a FOLDER holds m.keras, m.h5 and io.json
 *
 * Without a folder it opens the models of the tests. It prints one line of JSON.
 */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {classes} from '../../src/keras/config/classes/index.js';
import hubFixture from '../../test/fixtures/keras/hub_models.json' with {type: 'json'};
import {kerasFixtures} from '../../test/fixtures/keras/index.js';
import layerFixture from '../../test/fixtures/keras/layer_models_keras3.json' with {type: 'json'};
import {operationFixtures, unpack} from '../../test/fixtures/keras_operations/index.js';
import {gunzip} from '../../test/support/gunzip.js';
import {artifactsOf, type ModelCase} from '../../test/support/model_case.js';
import {judge, type Verdict} from './verdict.js';

/** One model of a part of the page, in one format. */
export interface Outcome extends Verdict {
  part: 'layers' | 'operations' | 'hub' | 'formats' | 'applications' | 'refused';
  name: string;
  format: string;
}

type Source = string | Uint8Array | tf.io.IOHandler;

const [, , contender, ...folders] = process.argv;
const outcomes: Outcome[] = [];

async function main(): Promise<void> {
  await tf.setBackend('cpu');
  Object.assign(tf.backend(), {firstUse: false}); // else it advertises its package for Node
  const load = await loader();
  if (folders.length) await openFolders(load);
  else await openFixtures(load);
  console.log(JSON.stringify(outcomes));
}

async function loader(): Promise<(source: Source) => Promise<tf.LayersModel>> {
  if (contender === 'ours') {
    const {loadKerasModel} = await import('../../src/keras/index.js');
    return loadKerasModel;
  }
  return async (source) => {
    if (typeof source === 'object' && 'load' in source) return tf.loadLayersModel(source);
    throw new Error('tf.loadLayersModel takes no file of Keras.');
  };
}

type Load = Awaited<ReturnType<typeof loader>>;

async function openFixtures(load: Load): Promise<void> {
  for (const [part, {cases}] of [
    ['layers', layerFixture],
    ['hub', hubFixture],
  ] as const) {
    for (const one of cases as unknown as ModelCase[]) {
      const verdict = await judge(tf, {
        load: () => load(tf.io.fromMemory(artifactsOf(one))),
        xs: one.xs.map(([shape, values]) => tf.tensor(values, shape, one.dtype)),
        ys: one.ys.map(([shape, values]) => ({shape, values})),
      });
      outcomes.push({part, name: one.name, format: '.keras', ...verdict});
    }
  }
  await openOperations(load);
  await openFormats(load);
  const absent = Object.keys(classes).filter((name) => classes[name].absent);
  for (const name of contender === 'ours' ? absent : []) {
    const {verdict, reason} = await judge(tf, {load: () => load(lone(name)), xs: [], ys: []});
    outcomes.push({part: 'refused', name, format: '', verdict, reason});
  }
}

async function openOperations(load: Load): Promise<void> {
  for (const packed of operationFixtures) {
    const {inputs, cases} = await unpack(packed);
    for (const {name, keras, config, inputs: names, ys} of cases) {
      const modelTopology = {keras_version: keras, model_config: config};
      const weightData = new ArrayBuffer(0);
      const tensors = ys.map(({shape, values}) => ({shape, values: values.map(Number)}));
      const verdict = await judge(tf, {
        load: () => load(tf.io.fromMemory({modelTopology, weightSpecs: [], weightData})),
        xs: names.map((each) => {
          const {values, shape, dtype} = inputs[each];
          return tf.tensor(values.map(Number), shape, dtype);
        }),
        ys: tensors,
      });
      outcomes.push({part: 'operations', name, format: `Keras ${keras[0]}`, ...verdict});
    }
  }
}

async function openFormats(load: Load): Promise<void> {
  for (const {name, source, files, converted, xs, ys} of kerasFixtures) {
    const version = `Keras ${source.match(/\d/)?.[0]}`;
    const sources: Record<string, () => Promise<Source>> = {
      '.keras': () => gunzip(files.keras),
      '.h5': () => gunzip(files.h5),
      'model.json of .keras': () => fromConverter(converted.keras),
      'model.json of .h5': () => fromConverter(converted.h5),
    };
    for (const [format, make] of Object.entries(sources)) {
      const verdict = await judge(tf, {
        load: async () => load(await make()),
        xs: xs.map(({values, shape, dtype}) => tf.tensor(values, shape, dtype)),
        ys,
      });
      outcomes.push({part: 'formats', name, format: `${version}, ${format}`, ...verdict});
    }
  }
}

async function fromConverter({json, weights}: {json: string; weights: string}): Promise<Source> {
  const {modelTopology, weightsManifest} = JSON.parse(new TextDecoder().decode(await gunzip(json)));
  const [{weights: weightSpecs}] = weightsManifest;
  const weightData = (await gunzip(weights)).buffer as ArrayBuffer;
  return tf.io.fromMemory({modelTopology, weightSpecs, weightData});
}

/** A model of one layer. */
function lone(class_name: string): Source {
  const shape = [null, 4];
  const layer = (name: string, config: object) => ({
    module: 'keras.layers',
    class_name: name,
    config,
    registered_name: null,
  });
  const layers = [
    layer('InputLayer', {name: 'x', batch_shape: shape, dtype: 'float32'}),
    layer(class_name, {name: 'layer'}),
  ];
  const model_config = layer('Sequential', {name: 'model', layers});
  const modelTopology = {keras_version: '3.15.1', model_config};
  return tf.io.fromMemory({modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0)});
}

async function openFolders(load: Load): Promise<void> {
  for (const folder of folders) {
    const {source, x, y} = JSON.parse(readFileSync(path.join(folder, 'io.json'), 'utf8'));
    for (const format of ['.keras', '.h5']) {
      const verdict = await judge(tf, {
        load: () => load(path.join(folder, `m${format}`)),
        xs: [tf.tensor(x.values, x.shape)],
        ys: [y],
      });
      const name = path.basename(folder);
      outcomes.push({part: 'applications', name, format: `${source}, ${format}`, ...verdict});
    }
  }
}

await main();
