/** Weights find their layers by the paths and names that Keras gave them. */
import {jest} from '@jest/globals';
import {type CustomObjects, type KerasSource, loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {type KerasFixture, kerasFixtures} from '../../fixtures/keras/index.js';
import weightsKeras2 from '../../fixtures/keras/weights_keras2.json';
import weightsKeras3 from '../../fixtures/keras/weights_keras3.json';
import {expectClose} from '../../support/close.js';
import {gunzip} from '../../support/gunzip.js';
import {customObjects, TokenAndPositionEmbedding, Towers} from '../../support/own_layers.js';

type Fixture = Pick<KerasFixture, 'name' | 'files' | 'xs' | 'ys'>;

async function expectValues(source: KerasSource, {xs, ys}: Fixture, objects: CustomObjects = {}) {
  const before = tf.memory().numTensors;
  const model = await loadKerasModel(source, {customObjects: objects});
  const inputs = xs.map(({values, shape, dtype}) => tf.tensor(values, shape, dtype));
  const outputs = [model.predict(inputs)].flat();
  for (const [i, y] of ys.entries()) expectClose(await outputs[i].data(), y.values, 1e-5);
  tf.dispose([inputs, outputs]);
  tf.dispose(model.weights.map((weight) => weight.read()));
  expect(tf.memory().numTensors).toBe(before);
}

for (const {source, models} of [weightsKeras3, weightsKeras2]) {
  describe(`${source}`, () => {
    for (const fixture of models as unknown as Fixture[]) {
      test.each(['keras', 'h5'] as const)(`${fixture.name}, .%s`, async (ending) =>
        expectValues(await gunzip(fixture.files[ending]), fixture, customObjects),
      );
    }
  });
}

const fixtureOf = (name: string) =>
  (weightsKeras3.models as unknown as Fixture[]).find((each) => each.name === name) as Fixture;

async function expectError(source: KerasSource, objects: CustomObjects, ...messages: string[]) {
  const before = tf.memory().numTensors;
  const error = await loadKerasModel(source, {customObjects: objects}).then(
    () => new Error('it was loaded'),
    (reason: Error) => reason,
  );
  for (const message of messages) expect(error.message).toContain(message);
  expect(tf.memory().numTensors).toBe(before);
}

describe("a class of a user's own", () => {
  const {files} = fixtureOf('transformer');

  test('that does not say in which order it has like layers', async () => {
    class Unordered extends TokenAndPositionEmbedding {
      static override innerLayers = undefined as unknown as string[];
    }
    const objects = {...customObjects, 'Custom>TokenAndPositionEmbedding': Unordered};
    await expectError(
      await gunzip(files.h5),
      objects,
      'Embedding with embeddings [6,4]',
      "static innerLayers = ['pos_emb', 'token_emb']",
    );
    await expectValues(await gunzip(files.keras), fixtureOf('transformer'), objects);
  });

  test('whose properties have other names', async () => {
    class Renamed extends TokenAndPositionEmbedding {
      static override innerLayers = ['tokens', 'posEmb'];
      readonly tokens = this.tokenEmb;
    }
    const objects = {...customObjects, 'Custom>TokenAndPositionEmbedding': Renamed};
    await expectError(
      await gunzip(files.keras),
      objects,
      'layer "token_and_position_embedding"',
      '"token_emb"',
    );
  });

  test('that lacks a layer', async () => {
    class Less extends Towers {
      override readonly blocks = [tf.layers.dense({units: 4})];
    }
    const {files: towers} = fixtureOf('towers');
    for (const file of [towers.keras, towers.h5]) {
      await expectError(await gunzip(file), {Towers: Less}, 'Towers layer "towers"');
    }
  });

  test('that is not given', async () => {
    await expectError(
      await gunzip(fixtureOf('named_as_one_of_keras').files.keras),
      {},
      'is of the class Dense, which is not known',
      "{customObjects: {'Mine>Dense': TheClass}}",
    );
  });

  test('is trained, saved and disposed with all its layers', async () => {
    const before = tf.memory().numTensors;
    const model = await loadKerasModel(await gunzip(files.keras), {customObjects});
    const embedding = model.layers[1];
    expect(embedding.trainableWeights.length).toBe(2);
    expect(model.layers[2].trainableWeights.length).toBe(16);
    embedding.trainable = false;
    expect(embedding.trainableWeights.length).toBe(0);
    expect(embedding.nonTrainableWeights.length).toBe(2);
    embedding.trainable = true;
    model.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
    const x = tf.zeros([2, 6], 'int32');
    const y = tf.zeros([2, 2]);
    const first = await embedding.getWeights()[1].data();
    await model.fit(x, y, {epochs: 1, verbose: 0});
    const trained = await embedding.getWeights()[1].data();
    expect(trained).not.toEqual(first);
    tf.dispose([x, y]);
    model.dispose();
    tf.dispose(Object.values(model.optimizer).filter((each) => each instanceof tf.Tensor));
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('customObjects that are no classes', async () => {
  const {files} = fixtureOf('towers');
  const objects = {Towers: 'Towers'} as unknown as CustomObjects;
  await expectError(await gunzip(files.keras), objects, 'customObjects must have classes');
});

test('customObjects are forgotten', async () => {
  const {files} = fixtureOf('towers');
  await expectValues(await gunzip(files.keras), fixtureOf('towers'), {Towers});
  await expectError(await gunzip(files.keras), {}, 'is of the class Towers, which is not known');
});

describe('model.json', () => {
  const named = (layers: number) =>
    Array.from({length: layers}, (_, i) => (i ? `dense_${i}` : 'dense'));

  /** A chain of layers of one unit each, layer i with the kernel i + 2 and the bias i + 1. */
  function chain(order: (names: string[]) => string[]) {
    const names = named(12);
    const config = {
      name: 'chain',
      layers: [
        {class_name: 'InputLayer', config: {batch_input_shape: [null, 1], name: 'input'}},
        ...names.map((name) => ({class_name: 'Dense', config: {name, units: 1}})),
      ],
    };
    const entries = order(names).flatMap((name) => {
      const i = names.indexOf(name);
      return [
        {name: `${name}/kernel`, shape: [1, 1], dtype: 'float32' as const, value: i + 2},
        {name: `${name}/bias`, shape: [1], dtype: 'float32' as const, value: i + 1},
      ];
    });
    return {
      load: async () => ({
        modelTopology: {keras_version: '2.15.0', model_config: {class_name: 'Sequential', config}},
        weightSpecs: entries.map(({value, ...spec}) => spec),
        weightData: Float32Array.from(entries, ({value}) => value).buffer,
      }),
    };
  }

  const wanted = named(12).reduce((y, _, i) => y * (i + 2) + i + 1, 1);

  test.each([
    ['that of the layers', (names: string[]) => names],
    ["the alphabet's", (names: string[]) => [...names].sort()],
    ['backwards', (names: string[]) => [...names].reverse()],
  ])('in an order that is %s', async (_, order) => {
    const x = {values: [1], shape: [1, 1], dtype: 'float32' as const};
    const y = {values: [wanted], shape: [1, 1], dtype: 'float32' as const};
    await expectValues(chain(order), {name: '', files: {keras: '', h5: ''}, xs: [x], ys: [y]});
  });

  test('with the weight of a layer that is not there', async () => {
    const {load} = chain((names) => names);
    const artifacts = await load();
    artifacts.weightSpecs[0].name = 'other/kernel';
    await expectError(
      {load: async () => artifacts},
      {},
      'cannot be told from others',
      'other/kernel',
    );
  });

  test.each(['keras2_deeply_nested', 'keras3_encoder', 'keras2_masked_lstm'])(
    '%s, its weights backwards',
    async (name) => {
      const fixture = kerasFixtures.find((each) => each.name === name) as KerasFixture;
      const {json, weights} = fixture.converted.h5;
      const model = JSON.parse(new TextDecoder().decode(await gunzip(json)));
      const data = await gunzip(weights);
      let at = 0;
      const parts = model.weightsManifest[0].weights.map((spec: tf.io.WeightsManifestEntry) => {
        const size = 4 * tf.util.sizeFromShape(spec.shape);
        at += size;
        return {spec, bytes: data.slice(at - size, at)};
      });
      parts.reverse();
      const weightData = await new Blob(
        parts.map(({bytes}: {bytes: Uint8Array}) => bytes as Uint8Array<ArrayBuffer>),
      ).arrayBuffer();
      const artifacts = {
        modelTopology: model.modelTopology,
        weightSpecs: parts.map(({spec}: {spec: tf.io.WeightsManifestEntry}) => spec),
        weightData,
      };
      await expectValues({load: async () => artifacts}, fixture);
    },
  );
});

jest.setTimeout(120_000);
