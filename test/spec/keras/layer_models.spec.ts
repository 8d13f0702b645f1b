/** A model for each option of each layer: what it predicts and how it learns, held against Keras. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import hubFixture from '../../fixtures/keras/hub_models.json';
import fixture from '../../fixtures/keras/layer_models_keras3.json';
import {expectClose} from '../../support/close.js';
import {artifactsOf, type ModelCase, type Stored, savedAgain} from '../../support/model_case.js';

const cases = [...fixture.cases, ...hubFixture.cases] as unknown as ModelCase[];

const tensors = (stored: Stored[], dtype?: 'float32' | 'int32') =>
  stored.map(([shape, values]) => tf.tensor(values, shape, dtype));

async function expectPrediction(model: tf.LayersModel, xs: tf.Tensor[], expected: Stored[]) {
  const ys = [model.predict(xs.length > 1 ? xs : xs[0])].flat();
  expect(ys.map(({shape}) => shape)).toEqual(expected.map(([shape]) => shape));
  for (const [i, y] of ys.entries()) {
    const values = expected[i][1];
    const largest = Math.max(1, ...values.map(Math.abs));
    expectClose(await y.data(), values, 2e-5 * largest);
  }
  tf.dispose(ys);
}

/** tfjs counts the calls of a layer as its users, so that it keeps one with two when the model goes. */
function dispose(model: tf.LayersModel): void {
  const shared = model.layers.filter(
    (layer) => layer.inboundNodes.length > 1 && !(layer instanceof tf.LayersModel),
  );
  model.dispose();
  for (const layer of shared) layer.dispose();
}

describe.each(cases)('$name', (one) => {
  const {dtype, ys, trained} = one;

  test('predicts as in Keras, also saved again, and leaves nothing', async () => {
    const before = tf.memory().numTensors;
    const xs = tensors(one.xs, dtype);
    const model = await loadKerasModel(tf.io.fromMemory(artifactsOf(one)));
    await expectPrediction(model, xs, ys);
    const again = await tf.loadLayersModel(tf.io.fromMemory(await savedAgain(tf, model)));
    await expectPrediction(again, xs, ys);
    dispose(again);
    dispose(model);
    tf.dispose(xs);
    expect(tf.memory().numTensors).toBe(before);
  });

  if (!trained) return;
  test('learns as in Keras', async () => {
    const xs = tensors(one.xs, dtype);
    const targets = ys.map(([shape]) => tf.zeros(shape));
    const model = await loadKerasModel(tf.io.fromMemory(artifactsOf(one)));
    const optimizer = tf.train.sgd(fixture.learningRate);
    model.compile({optimizer, loss: 'meanSquaredError'});
    await model.fit(xs.length > 1 ? xs : xs[0], targets.length > 1 ? targets : targets[0], {
      batchSize: 64,
      epochs: 1,
      shuffle: false,
      verbose: 0,
    });
    await expectPrediction(model, xs, trained);
    optimizer.dispose();
    model.dispose();
    tf.dispose([xs, targets]);
  });
});
