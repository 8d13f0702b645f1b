/** Models saved by Keras open, give the values that Keras gives, train, and save as tfjs saves. */
import {jest} from '@jest/globals';
import {type KerasSource, loadKerasModel} from '../../../src/keras/index.js';
import {backendName, tf} from '../../backends/current.js';
import {type KerasFixture, kerasFixtures} from '../../fixtures/keras/index.js';
import {expectClose} from '../../support/close.js';
import {gunzip} from '../../support/gunzip.js';

type Model = Awaited<ReturnType<typeof loadKerasModel>>;

/** The four forms in which a model comes; the converter's as a handler. */
const routes: Record<string, (fixture: KerasFixture) => Promise<KerasSource>> = {
  '.keras': ({files}) => gunzip(files.keras),
  '.h5': ({files}) => gunzip(files.h5),
  "the converter's model.json of .keras": ({converted}) => handler(converted.keras),
  "the converter's model.json of .h5": ({converted}) => handler(converted.h5),
};

async function handler({json, weights}: KerasFixture['converted']['h5']) {
  const model = JSON.parse(new TextDecoder().decode(await gunzip(json)));
  const weightData = (await gunzip(weights)).slice().buffer;
  return tf.io.fromMemory({
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap(
      (group: {weights: tf.io.WeightsManifestEntry[]}) => group.weights,
    ),
    weightData,
  });
}

function inputs({xs}: KerasFixture) {
  return xs.map(({values, shape, dtype}) => tf.tensor(values, shape, dtype));
}

async function expectOutputs(model: Model, fixture: KerasFixture, {ys} = fixture) {
  const xs = inputs(fixture);
  const outputs = [model.predict(xs)].flat();
  expect(outputs.map(({shape}) => shape)).toEqual(ys.map(({shape}) => shape));
  for (const [i, y] of ys.entries()) expectClose(await outputs[i].data(), y.values, 1e-5);
  tf.dispose([xs, outputs]);
}

/** What a loaded model holds: its weights, and the state of its optimiser. */
function ownTensors(model: Model) {
  const weights = model.weights.map((weight) => weight.read());
  // An Adam begins with the powers of its two betas.
  return [...weights, ...Object.values(model.optimizer ?? {}).filter(isTensor)];
}

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** The transposition of tfjs's webgpu backend cannot compile for the bool mask of an RNN. */
const withMaskedRnn = ({name}: KerasFixture) => /masked_(lstm|rnn|attention)/.test(name);
const testOn = (fixture: KerasFixture) =>
  backendName === 'webgpu' && withMaskedRnn(fixture) ? test.skip : test;

/** On the slow backends each model comes one way, and a few come all ways and are saved. */
const isSlow = backendName === 'webgl' || backendName === 'webgpu';
const inFull = ({name}: KerasFixture) => !isSlow || /_(mlp|decoder|nested)/.test(name);
const routesOf = (fixture: KerasFixture) =>
  Object.entries(routes).slice(0, inFull(fixture) ? undefined : 1);

for (const fixture of kerasFixtures) {
  describe(`${fixture.name} gives the values of ${fixture.source}`, () => {
    for (const [route, open] of routesOf(fixture)) {
      testOn(fixture)(`from ${route}`, async () => {
        const before = tf.memory().numTensors;
        const model = await loadKerasModel(await open(fixture));
        const loaded = tf.memory().numTensors;
        expect(loaded - before).toBe(ownTensors(model).length);
        await expectOutputs(model, fixture);
        expect(tf.memory().numTensors).toBe(loaded);
        tf.dispose(ownTensors(model)); // tfjs's model.dispose() forgets nested layers
      });
    }

    // Where tfjs loads a model it brings weights within their constraints, as these ones are not.
    if (fixture.name.endsWith('options') || !inFull(fixture)) return;
    testOn(fixture)('saved and loaded as tfjs does it', async () => {
      const model = await loadKerasModel(await gunzip(fixture.files.keras));
      let artifacts: tf.io.ModelArtifacts = {};
      // tfjs warns of the initial state of an LSTM, which it saves all the same.
      const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
      await model.save(
        tf.io.withSaveHandler(async (given) => {
          // As through a file
          artifacts = {...given, modelTopology: JSON.parse(JSON.stringify(given.modelTopology))};
          return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
        }),
      );
      warn.mockRestore();
      model.dispose();
      const again = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
      await expectOutputs(again, fixture);
      again.dispose();
    });
  });
}

for (const fixture of kerasFixtures.filter(({trained}) => trained)) {
  // The regressions take seconds there, and differ by nothing but the version that saved them.
  if (isSlow && fixture.name === 'keras2_regression') continue;
  const isShort = isSlow && fixture.name.endsWith('regression');
  for (const [route, open] of Object.entries(routes).slice(0, isShort ? 1 : undefined)) {
    test(`${fixture.name} from ${route} trains with fit as it does in Keras`, async () => {
      const model = await loadKerasModel(await open(fixture));
      if (!model.optimizer) throw new Error('not compiled');
      const {targets, steps, ys} = fixture.trained as NonNullable<KerasFixture['trained']>;
      const [x] = inputs(fixture);
      const y = tf.tensor(targets.values, targets.shape);
      await model.fit(x, y, {epochs: steps, batchSize: x.shape[0], shuffle: false, verbose: 0});
      await expectOutputs(model, fixture, {ys} as KerasFixture);
      tf.dispose([x, y]);
      model.dispose();
    });
  }
}

test.each(['keras2_mlp', 'keras2_nested', 'keras3_mlp', 'keras3_nested'])(
  '%s, compiled with Adam, trains with fit',
  async (name) => {
    const fixture = kerasFixtures.find((each) => each.name === name) as KerasFixture;
    const model = await loadKerasModel(await gunzip(fixture.files.h5));
    const xs = inputs(fixture);
    // One label an example for the classifier, and for the other 1 everywhere.
    const targets = name.endsWith('mlp')
      ? [tf.tensor1d([0, 2, 1])]
      : fixture.ys.map(({shape}) => tf.ones(shape));
    const {history} = await model.fit(xs, targets, {epochs: 5, verbose: 0});
    const losses = history.loss as number[];
    expect(losses[4]).toBeLessThan(losses[0]);
    tf.dispose([xs, targets]);
    model.dispose();
  },
);

test.each(['keras2_mixer', 'keras2_encoder', 'keras3_mixer', 'keras3_encoder'])(
  '%s, compiled with what tfjs has not, is not compiled',
  async (name) => {
    const fixture = kerasFixtures.find((each) => each.name === name) as KerasFixture;
    for (const open of Object.values(routes)) {
      const model = await loadKerasModel(await open(fixture));
      expect(model.optimizer).toBeUndefined();
      model.dispose();
    }
  },
);
