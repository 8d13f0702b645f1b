/** Masks go through a model as they do in the version of Keras that saved it. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {backendName, tf} from '../../backends/current.js';
import {maskFixtures} from '../../fixtures/keras/masks.js';
import {expectClose} from '../../support/close.js';
import {gunzip} from '../../support/gunzip.js';

/** The transposition of tfjs's webgpu backend cannot compile for the bool mask of an RNN. */
const suite = backendName === 'webgpu' ? describe.skip : describe;

for (const {source, file, xs, rules} of maskFixtures) {
  suite(source, () => {
    const outputs: Float32Array[] = [];
    const shapes: number[][] = [];

    beforeAll(async () => {
      const model = await loadKerasModel(await gunzip(file));
      const inputs = xs.map((x) => tf.tensor(x, undefined, 'int32'));
      const before = tf.memory().numTensors;
      const ys = model.predict(inputs) as ReturnType<typeof tf.tensor>[];
      expect(tf.memory().numTensors).toBe(before + rules.length);
      for (const y of ys) {
        outputs.push((await y.data()) as Float32Array);
        shapes.push(y.shape);
      }
      tf.dispose([inputs, ys, model.weights.map((weight) => weight.read())]);
    });

    rules.forEach(({name, shape, values}, i) => {
      test(name, () => {
        expect(shapes[i]).toEqual(shape);
        expectClose(outputs[i], values, 1e-5);
      });
    });
  });
}
