/** Models that were drawn at random predict as in the version of Keras that saved them. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {backendName, tf} from '../../backends/current.js';
import {artifactsOfDrawn, type DrawnModel, drawnModels} from '../../fixtures/keras/drawn.js';
import {expectClose} from '../../support/close.js';

/**
 * Browsers compile shaders for each model: there those do that have a class which no model before them
 * has. What works on images in training alone is left out of the count.
 */
const isForAll = !['webgl', 'webgpu'].includes(backendName);
const met = new Set<string>();
function hasNewClass({config}: DrawnModel): boolean {
  const classes = [...JSON.stringify(config).matchAll(/"class_name":"(\w+)"/g)].map(
    ([, name]) => name,
  );
  const isNew = classes.some((name) => !name.startsWith('Random') && !met.has(name));
  for (const name of classes) met.add(name);
  return isNew;
}

describe.each(drawnModels)('Keras $version', ({version, cases}) => {
  test.each(cases.filter((one) => isForAll || hasNewClass(one)))('$name', async (one) => {
    const before = tf.memory().numTensors;
    const model = await loadKerasModel(tf.io.fromMemory(artifactsOfDrawn(one, version)));
    const xs = one.xs.map(([shape, values, dtype]) => tf.tensor(values, shape, dtype));
    const ys = [model.predict(xs.length > 1 ? xs : xs[0])].flat();
    expect(ys.map(({shape}) => shape)).toEqual(one.ys.map(([shape]) => shape));
    for (const [i, y] of ys.entries()) {
      const [, values] = one.ys[i];
      const largest = Math.max(1, ...values.map(Math.abs));
      expectClose(await y.data(), values, 2e-5 * largest);
    }
    tf.dispose([xs, ys, model.weights.map((weight) => weight.read())]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
