/** The classes on docs/example_layers.md, held against Keras: they are what a reader copies. */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {layerNormalization} from '../../src/index.js';
import {KerasLayer, loadKerasModel, MultiHeadAttention} from '../../src/keras/index.js';
import fixture from '../fixtures/keras/example_layers.json';
import {expectClose} from '../support/close.js';
import {artifactsOf, type ModelCase, type Stored, savedAgain} from '../support/model_case.js';

type LayerClass = Parameters<typeof tf.serialization.registerClass>[0];
type Attention = tf.layers.Layer & Record<'qkv' | 'proj', tf.layers.Layer>;

const cases = fixture.cases as unknown as ModelCase[];
const classes = classesOf('docs/example_layers.md');

beforeAll(async () => {
  await tf.setBackend('cpu');
  Object.assign(tf.backend(), {firstUse: false});
});

/** The classes that a page has in blocks of code, by their names. */
function classesOf(page: string): Record<string, LayerClass> {
  const text = readFileSync(path.resolve(__dirname, '../..', page), 'utf8');
  const blocks = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  const code = blocks.join('').replace(/^import .*$/gm, '');
  const names = [...code.matchAll(/^class (\w+)/gm)].map(([, name]) => name);
  const given = {tf, layerNormalization, KerasLayer, MultiHeadAttention};
  const run = new Function(...Object.keys(given), `${code}; return {${names.join(', ')}};`);
  return run(...Object.values(given));
}

const load = (one: ModelCase) =>
  loadKerasModel(tf.io.fromMemory(artifactsOf(one)), {
    customObjects: {[one.name]: classes[one.name]},
  });

const tensor = ([shape, values]: Stored, dtype?: 'float32' | 'int32') =>
  tf.tensor(values, shape, dtype);

async function expectPrediction(model: tf.LayersModel, x: tf.Tensor, [shape, values]: Stored) {
  const y = model.predict(x) as tf.Tensor;
  expect(y.shape).toEqual(shape);
  expectClose(await y.data(), values, 1e-5 * Math.max(1, ...values.map(Math.abs)));
  y.dispose();
}

test('every class of the page has its case', () => {
  const names = Object.keys(classes).filter((name) => name !== 'ExampleLayer');
  expect(names.sort()).toEqual(cases.map(({name}) => name).sort());
});

describe.each(cases)('$name', (one) => {
  test('predicts as in Keras, also saved again', async () => {
    const before = tf.memory().numTensors;
    const x = tensor(one.xs[0], one.dtype);
    const model = await load(one);
    await expectPrediction(model, x, one.ys[0]);
    // tfjs knows a class by its registration alone.
    tf.serialization.registerClass(classes[one.name]);
    const again = await tf.loadLayersModel(tf.io.fromMemory(await savedAgain(tf, model)));
    await expectPrediction(again, x, one.ys[0]);
    again.dispose();
    model.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  if (!one.trained) return;
  test('learns as in Keras', async () => {
    const x = tensor(one.xs[0], one.dtype);
    const zeros = tf.zeros(one.ys[0][0]);
    const model = await load(one);
    const optimizer = tf.train.sgd(fixture.learningRate);
    model.compile({optimizer, loss: 'meanSquaredError'});
    await model.fit(x, zeros, {batchSize: 64, epochs: 1, shuffle: false, verbose: 0});
    await expectPrediction(model, x, (one.trained as Stored[])[0]);
    model.dispose();
    tf.dispose([x, zeros]);
  });
});

test('a mask of WindowAttention hides the other places', () => {
  const dim = 4;
  const Class = classes.WindowAttention as unknown as new (args: object) => Attention;
  const layer = new Class({dim, windowSize: [1, 3], numHeads: 2});
  const x = tf.randomNormal([2, 3, dim], 0, 1, 'float32', 1);
  layer.build(x.shape);
  const unseen = tf.mul(tf.sub(1, tf.eye(3)), -1e9).reshape([1, 3, 3]);
  // What sees itself alone takes its own value.
  const values = (layer.qkv.apply(x) as tf.Tensor).slice([0, 0, 2 * dim]);
  const expected = layer.proj.apply(values) as tf.Tensor;
  const actual = layer.call(x, {mask: unseen}) as tf.Tensor;
  expectClose(actual.dataSync(), expected.dataSync(), 1e-5);
});
