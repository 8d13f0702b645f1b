/** Models saved by Keras open, and give the values that Keras gives. */
import {loadKerasModel} from '../../src/keras/index.js';
import {backendName, tf} from '../backends/current.js';
import {kerasFixtures} from '../fixtures/keras/index.js';
import {expectClose} from '../support/close.js';

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

for (const {name, source, files, xs, ys} of kerasFixtures) {
  for (const ending of ['keras', 'h5'] as const) {
    // The transposition of tfjs's webgpu backend cannot compile for the bool mask of an RNN.
    const runs = backendName !== 'webgpu' || !name.endsWith('masked_lstm');
    (runs ? test : test.skip)(`${name}.${ending} gives the values of ${source}`, async () => {
      const model = await loadKerasModel(bytesOf(files[ending]));
      const before = tf.memory().numTensors;
      const inputs = xs.map(({values, shape, dtype}) =>
        tf.tensor(values, shape, dtype as 'float32' | 'int32'),
      );
      const outputs = [model.predict(inputs)].flat();
      for (const [i, y] of ys.entries()) {
        expect(outputs[i].shape).toEqual(y.shape);
        expectClose(await outputs[i].data(), y.values, 1e-5);
      }
      tf.dispose([inputs, outputs]);
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    });
  }
}

test('a file cut short is an error, and leaves no tensor', async () => {
  const before = tf.memory().numTensors;
  for (const ending of ['keras', 'h5'] as const) {
    const bytes = bytesOf(kerasFixtures[0].files[ending]);
    await expect(loadKerasModel(bytes.slice(0, bytes.length / 3))).rejects.toThrow(
      'loadKerasModel: ',
    );
  }
  expect(tf.memory().numTensors).toBe(before);
});
