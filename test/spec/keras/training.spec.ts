/** A model that was compiled in Keras trains as there, or stays uncompiled with a notice that says why. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {trainingLimits} from '../../../src/keras/model/training_limits.js';
import {backendName, tf} from '../../backends/current.js';
import keras2 from '../../fixtures/keras/training_keras2.json';
import keras3 from '../../fixtures/keras/training_keras3.json';
import {expectClose} from '../../support/close.js';

type Values = [name: string, shape: number[], values: number[]];

interface TrainingCase {
  name: string;
  config: object;
  compiled: object;
  weights: Values[];
  x?: number[][];
  y?: number[][] | number[][][];
  dtype?: 'float32' | 'int32';
  /** Keras's, of three steps; absent where it draws random numbers in them. */
  losses?: number[];
  /** Keras's, after these. */
  evaluated?: number;
  /** The row of the table of limits that keeps the model from being compiled. */
  limit?: string;
  /** A part of the notice then. */
  notice?: string;
}

const cases = [keras2, keras3].flatMap(({source, cases}) => {
  const [, version] = /^Keras (\S+)/.exec(source) as RegExpExecArray;
  return (cases as unknown as TrainingCase[]).map((each) => ({...each, version}));
});

/** The model as the converter would leave it: a topology, and weights by the paths or names in Keras. */
function load({config, compiled, weights, version}: (typeof cases)[number]) {
  const values = weights.flatMap(([, , each]) => each);
  return loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {keras_version: version, model_config: {...config, compile_config: compiled}},
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

/** The losses of three steps, each of the whole batch, and the loss after them. */
async function train(model: tf.LayersModel, {x, y, dtype, losses}: TrainingCase) {
  const [xs, ys] = [tf.tensor(x ?? [], undefined, dtype), tf.tensor(y ?? [])];
  const args = {batchSize: 64, epochs: 3, shuffle: false, verbose: 0} as const;
  const found = losses ? ((await model.fit(xs, ys, args)).history.loss as number[]) : [];
  const after = model.evaluate(xs, ys, {verbose: 0}) as tf.Scalar;
  found.push((await after.data())[0]);
  tf.dispose([xs, ys, after]);
  return found;
}

describe('trains as in Keras, and leaves nothing', () => {
  test.each(cases.filter(({evaluated}) => evaluated !== undefined))(
    '$version: $name',
    async (one) => {
      const before = tf.memory().numTensors;
      const model = await load(one);
      const losses = await train(model, one);
      const tolerance = Math.max(/Adam/.test(one.name) ? 1e-4 : 1e-5, BACKEND_TOLERANCE);
      [...(one.losses ?? []), one.evaluated as number].forEach((expected, step) => {
        const off = Math.abs(losses[step] - expected);
        expect(off).toBeLessThanOrEqual(tolerance * Math.max(1, expected));
      });
      const weights = model.weights.map((weight) => weight.read());
      model.dispose();
      // tfjs leaves the weights of a model within a model, and of a layer that is called twice.
      if (/model within|called twice/.test(one.name)) tf.dispose(weights);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

const uncompiled = cases.filter(({notice}) => notice);

describe('stays uncompiled, with one notice', () => {
  test.each(uncompiled)('$name: $notice', async (one) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await load(one);
    expect(model.optimizer).toBeUndefined();
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining(one.notice as string)]);
    warn.mockRestore();
    model.dispose();
  });

  test('each row of the table of limits is met', () => {
    const met = new Set(uncompiled.map(({limit}) => limit));
    expect([...met].sort()).toEqual(Object.keys(trainingLimits).sort());
  });
});

/** A model that gives 2x and 3x, as a dict, a list or alone, and was compiled with these losses. */
function scaling(outputs: unknown, loss: unknown) {
  const names = ['twice', 'thrice'];
  const layers = names.map((name, i) => ({
    class_name: 'Rescaling',
    name,
    config: {name, scale: i + 2, offset: 0},
    inbound_nodes: [[['x', 0, 0, {}]]],
  }));
  const input = {name: 'x', batch_input_shape: [null, 2], dtype: 'float32'};
  const all = [{class_name: 'InputLayer', name: 'x', config: input, inbound_nodes: []}, ...layers];
  const config = {name: 'model', layers: all, input_layers: [['x', 0, 0]], output_layers: outputs};
  const optimizer = {class_name: 'SGD', config: {learning_rate: 0.1}};
  return loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {
        keras_version: '3.15.1',
        model_config: {class_name: 'Functional', config, compile_config: {optimizer, loss}},
      },
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    }),
  );
}

describe('each output has its loss', () => {
  const [twice, thrice] = [
    ['twice', 0, 0],
    ['thrice', 0, 0],
  ];
  // Of x = [1, −3] and targets of 0: mse is 20 and 45, mae 4 and 6.
  test.each([
    ['a list, by place', [twice, thrice], ['mse', 'mae'], [26, 20, 6]],
    ['a list, by name', [twice, thrice], {thrice: 'mae', twice: 'mse'}, [26, 20, 6]],
    ['a list, one for all', [twice, thrice], 'mse', [65, 20, 45]],
    ['a dict, by key', {b: thrice, a: twice}, {a: 'mse', b: 'mae'}, [26, 6, 20]],
    ['a dict, by name', {b: thrice, a: twice}, {twice: 'mse', thrice: 'mae'}, [26, 6, 20]],
    ['one, by name', [thrice], {thrice: 'mae'}, [6]],
  ])('%s', async (_, outputs, loss, expected) => {
    const model = await scaling(outputs, loss);
    const x = tf.tensor2d([[1, -3]]);
    const targets = model.outputs.map(() => tf.zeros([1, 2]));
    const found = [model.evaluate(x, targets, {verbose: 0})].flat() as tf.Scalar[];
    expectClose(await tf.concat(found.map((each) => each.reshape([1]))).data(), expected, 1e-4);
    tf.dispose([x, targets, found]);
    model.dispose();
  });

  test.each([
    [[twice, thrice], {twice: 'mse'}, 'no loss for an output'],
    [[twice, thrice], {twice: 'mse', other: 'mse'}, 'which of its losses is of which output'],
    [[twice, thrice], ['mse'], 'which of its losses is of which output'],
    [{b: thrice, a: twice}, ['mse', 'mae'], 'which of its losses is of which output'],
  ])('%j with %j stays uncompiled', async (outputs, loss, reason) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await scaling(outputs, loss);
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining(reason)]);
    expect(model.optimizer).toBeUndefined();
    warn.mockRestore();
    model.dispose();
  });
});
