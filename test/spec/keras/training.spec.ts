/** A model that was compiled in Keras trains as there, or stays uncompiled with a notice that says why. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {backendName, tf} from '../../backends/current.js';
import fixture from '../../fixtures/keras/training_keras3.json';

interface TrainingCase {
  name: string;
  config: object;
  compiled: object;
  weights: [name: string, shape: number[], values: number[]][];
  x?: number[][];
  y?: number[][] | number[][][];
  dtype?: 'float32' | 'int32';
  /** Keras's, of three steps. */
  losses?: number[];
  /** A part of the notice, where tfjs trains otherwise. */
  notice?: string;
}

const cases = fixture.cases as unknown as TrainingCase[];

/** The model as the converter would leave it: a topology, and weights by their paths in `.keras`. */
function load({config, compiled, weights}: TrainingCase): Promise<tf.LayersModel> {
  const values = weights.flatMap(([, , each]) => each);
  return loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {
        keras_version: '3.15.1',
        model_config: {...config, compile_config: compiled},
      },
      weightSpecs: weights.map(([name, shape]) => ({name, shape, dtype: 'float32'})),
      weightData: Float32Array.from(values).buffer,
    }),
  );
}

/**
 * WebGL lets a device compute logarithms, roots and quotients by approximation, which the losses and
 * constraints that take them show: that of Poisson is 2.2e-4 off in Chromium's software renderer.
 */
const BACKEND_TOLERANCE = backendName === 'webgl' ? 5e-4 : 0;

/** The losses of three steps, each of the whole batch. */
async function train(model: tf.LayersModel, {x, y, dtype}: TrainingCase): Promise<number[]> {
  const [xs, ys] = [tf.tensor(x ?? [], undefined, dtype), tf.tensor(y ?? [])];
  const {history} = await model.fit(xs, ys, {batchSize: 64, epochs: 3, shuffle: false, verbose: 0});
  tf.dispose([xs, ys]);
  return history.loss as number[];
}

describe('trains as in Keras, and leaves nothing', () => {
  test.each(cases.filter(({losses}) => losses))('$name', async (one) => {
    const before = tf.memory().numTensors;
    const model = await load(one);
    const losses = await train(model, one);
    const tolerance = Math.max(/Adam/.test(one.name) ? 1e-4 : 1e-5, BACKEND_TOLERANCE);
    losses.forEach((loss, step) => {
      const expected = one.losses?.[step] as number;
      expect(Math.abs(loss - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, expected));
    });
    const weights = model.weights.map((weight) => weight.read());
    model.dispose();
    // tfjs leaves the weights of a model within a model to whoever made that one.
    if (one.name.includes('model within')) tf.dispose(weights);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('stays uncompiled, with one notice', () => {
  test.each(cases.filter(({notice}) => notice))('$name: $notice', async (one) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await load(one);
    expect(model.optimizer).toBeUndefined();
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining(one.notice as string)]);
    warn.mockRestore();
    model.dispose();
  });
});
