/** Drawn models of each version of Keras are the same when tfjs has saved them and alone loaded them. */
import * as tf from '@tensorflow/tfjs';
import {loadKerasModel} from '../../src/keras/index.js';
import {artifactsOfDrawn, drawnModels} from '../fixtures/keras/drawn.js';
import {expectClose} from '../support/close.js';
import {savedAgain} from '../support/model_case.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  Object.assign(tf.backend(), {firstUse: false}); // else it prints that tfjs-node would be faster
  // tfjs says that it cannot save a tensor that is given by keyword; what is needed of it is saved.
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});

describe.each(drawnModels)('Keras $version', ({version, cases}) => {
  test.each(cases)('$name', async (one) => {
    const model = await loadKerasModel(tf.io.fromMemory(artifactsOfDrawn(one, version)));
    const again = await tf.loadLayersModel(tf.io.fromMemory(await savedAgain(tf, model)));
    tf.tidy(() => {
      const xs = one.xs.map(([shape, values, dtype]) => tf.tensor(values, shape, dtype));
      const ys = [again.predict(xs.length > 1 ? xs : xs[0])].flat();
      for (const [i, [shape, values]] of one.ys.entries()) {
        expect(ys[i].shape).toEqual(shape);
        expectClose(ys[i].dataSync(), values, 2e-5 * Math.max(1, ...values.map(Math.abs)));
      }
    });
  });
});
