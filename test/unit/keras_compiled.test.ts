/** What a model of Keras was compiled with, by all its names: optimisers, losses, metrics and their options. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expectClose} from '../support/close.js';
import {functional, input, type Json, layer, load, on} from '../support/keras_json.js';

const SGD = {class_name: 'SGD', config: {learning_rate: 0.1}};
const LOSS = 'mean_squared_error';

const y = (name = 'y') => on(layer('Rescaling', {name, scale: 1, offset: 0}), 'x');
const one = () => functional([input([2]), y()]);
const two = () => functional([input([2]), y('a'), y('b')], ['a', 'b']);

/** The model with what is said of it meanwhile. */
async function compiled(training: Json, config: Json = one()): Promise<[LayersModel, string[]]> {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  warn.mockClear(); // of what other tests have said, where their files are run as one
  const given = {optimizer_config: SGD, loss: LOSS, ...training};
  try {
    const model = await load(config, {training: given});
    return [model, warn.mock.calls.map(([text]) => String(text))];
  } finally {
    warn.mockRestore();
  }
}

/** Expects that the model is not compiled, and that this is why. */
async function expectNotice(training: Json, reason: string) {
  const [model, said] = await compiled(training);
  expect(said).toEqual([`tfjs-layernorm: "model" is not compiled as it was in Keras: ${reason}.`]);
  expect(model.optimizer).toBeUndefined();
  model.dispose();
}

describe('losses', () => {
  const named: [names: string[], tfjs: string][] = [
    [['mean_squared_error', 'mse', 'MSE', 'MeanSquaredError'], 'meanSquaredError'],
    [['mean_absolute_error', 'mae', 'MAE', 'MeanAbsoluteError'], 'meanAbsoluteError'],
    [
      ['mean_absolute_percentage_error', 'mape', 'MeanAbsolutePercentageError'],
      'meanAbsolutePercentageError',
    ],
    [
      ['mean_squared_logarithmic_error', 'msle', 'MeanSquaredLogarithmicError'],
      'meanSquaredLogarithmicError',
    ],
    [['squared_hinge', 'SquaredHinge'], 'squaredHinge'],
    [['hinge', 'Hinge'], 'hinge'],
    [['categorical_hinge', 'CategoricalHinge'], 'categoricalHinge'],
    [['categorical_crossentropy', 'CategoricalCrossentropy'], 'categoricalCrossentropy'],
    [
      ['sparse_categorical_crossentropy', 'SparseCategoricalCrossentropy'],
      'sparseCategoricalCrossentropy',
    ],
    [['binary_crossentropy', 'BinaryCrossentropy'], 'binaryCrossentropy'],
    [['kullback_leibler_divergence', 'kl_divergence', 'KLDivergence'], 'kullbackLeiblerDivergence'],
    [['poisson', 'Poisson'], 'poisson'],
  ];
  const cases = named.flatMap(([names, tfjs]) =>
    names.map((name): [string, string] => [name, tfjs]),
  );
  test.each(cases)('%s is %s', async (name, tfjs) => {
    const config = {name: 'a', reduction: 'sum_over_batch_size', dtype: 'float32'};
    const forms: Json[] = [
      name,
      {module: 'keras.losses', class_name: name, config, registered_name: null},
      {class_name: 'LossFunctionWrapper', config: {...config, fn: name, reduction: 'auto'}},
    ];
    for (const loss of forms) {
      const [model, said] = await compiled({loss});
      expect(said).toEqual([]);
      expect(model.loss).toEqual([tfjs]);
      model.dispose();
    }
  });

  const of = (config: object) => ({class_name: 'CategoricalCrossentropy', config});
  test.each([
    [{axis: -1}],
    [{from_logits: false, label_smoothing: 0}],
    [{ignore_class: null, reduction: 'auto'}],
    [{name: 'other', dtype: 'float32', fn: 'categorical_crossentropy'}],
  ])('with options %j that change nothing', async (config) => {
    const [model, said] = await compiled({loss: of(config)});
    expect(said).toEqual([]);
    expect(model.loss).toEqual(['categoricalCrossentropy']);
    model.dispose();
  });

  test.each<[Json, string]>([
    ['huber', 'tfjs has no loss huber'],
    ['toString', 'tfjs has no loss toString'],
    [{class_name: 'Huber', config: {}}, 'tfjs has no loss Huber'],
    [null, 'it has no loss for an output, which tfjs must have'],
    [of({axis: 1}), 'tfjs has no loss CategoricalCrossentropy with axis = 1'],
    [of({from_logits: true}), 'tfjs has no loss CategoricalCrossentropy with from_logits = true'],
    [of({reduction: 'sum'}), 'tfjs has no loss CategoricalCrossentropy with reduction = "sum"'],
    [of({reduction: null}), 'tfjs has no loss CategoricalCrossentropy with reduction = null'],
    [of({ignore_class: 0}), 'tfjs has no loss CategoricalCrossentropy with ignore_class = 0'],
  ])('%j is not compiled', (loss, reason) => expectNotice({loss}, reason));
});

describe('metrics', () => {
  test.each<[Json, string[]]>([
    ['accuracy', ['accuracy']],
    [['acc'], ['accuracy']],
    [
      ['mse', 'mae'],
      ['mse', 'mae'],
    ],
    [
      ['mean_squared_error', 'mean_absolute_error'],
      ['mse', 'mae'],
    ],
    [
      ['binary_accuracy', 'categorical_accuracy'],
      ['binaryAccuracy', 'categoricalAccuracy'],
    ],
    [[[['mse']], 'auc', 'mse'], ['mse']],
    [[{class_name: 'MeanSquaredError', config: {name: 'm', dtype: 'float32'}}], ['mse']],
    [[{class_name: 'MeanMetricWrapper', config: {name: 'm', fn: 'mae'}}], ['mae']],
    [[{class_name: 'BinaryAccuracy', config: {threshold: 0.7}}], []],
    [[null, {class_name: 'AUC', config: {}}], []],
    [null, []],
  ])('%j', async (metrics, expected) => {
    const [model, said] = await compiled({metrics});
    expect(said).toEqual([]);
    expect(model.metrics).toEqual(expected);
    model.dispose();
  });

  test('none of several outputs', async () => {
    const [model] = await compiled({metrics: ['mse']}, two());
    expect(model.metrics).toEqual([]);
    expect(model.loss).toEqual(['meanSquaredError', 'meanSquaredError']);
    model.dispose();
  });
});

describe('optimisers', () => {
  const of = (class_name: string, config: object = {}) => ({
    class_name,
    config: {learning_rate: 0.25, ...config},
  });
  test.each<[Json, string, object]>([
    [of('SGD'), 'SGD', {learningRate: 0.25}],
    [of('Custom>SGD', {momentum: 0, nesterov: true}), 'SGD', {learningRate: 0.25}],
    [of('SGD', {momentum: 0.5}), 'Momentum', {learningRate: 0.25, momentum: 0.5}],
    [of('SGD', {momentum: 0.5, nesterov: true}), 'Momentum', {useNesterov: true}],
    [
      of('Adam', {beta_1: 0.5, beta_2: 0.75, epsilon: 0.125}),
      'Adam',
      {learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 0.125},
    ],
    [
      of('Adamax', {beta_1: 0.5, beta_2: 0.75, epsilon: 0.125}),
      'Adamax',
      {learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 0.125},
    ],
    [
      of('RMSprop', {rho: 0.5, momentum: 0.75, epsilon: 0.125, centered: true}),
      'RMSProp',
      {learningRate: 0.25, decay: 0.5, momentum: 0.75, epsilon: 0.125, centered: true},
    ],
    [
      of('Adagrad', {initial_accumulator_value: 0.5, epsilon: 1e-7}),
      'Adagrad',
      {learningRate: 0.25, initialAccumulatorValue: 0.5},
    ],
    [of('Adagrad', {initial_accumulator_value: 0.5}), 'Adagrad', {initialAccumulatorValue: 0.5}],
    [
      of('SGD', {
        ...{name: 'sgd', weight_decay: null, clipnorm: null, use_ema: false, ema_momentum: 0.99},
        ...{jit_compile: true, is_legacy_optimizer: false, ema_overwrite_frequency: 3},
      }),
      'SGD',
      {},
    ],
  ])('%j', async (optimizer, name, expected) => {
    for (const training of [
      {optimizer_config: optimizer},
      {optimizer, optimizer_config: undefined},
    ]) {
      const [model, said] = await compiled(training);
      expect(said).toEqual([]);
      expect((model.optimizer.constructor as unknown as {className: string}).className).toBe(name);
      expect(model.optimizer.getConfig()).toMatchObject(expected);
      model.dispose();
    }
  });

  test.each<[Json, string]>([
    [of('Adadelta'), 'tfjs has no optimiser Adadelta'],
    ['sgd', 'tfjs has no optimiser sgd'],
    [{class_name: 'SGD', config: {}}, 'tfjs has no optimiser SGD whose learning rate is absent'],
    [of('SGD', {learning_rate: '0.1'}), 'tfjs has no optimiser SGD whose learning rate is "0.1"'],
    [of('SGD', {weight_decay: 0.5}), 'tfjs has no optimiser SGD with weight_decay = 0.5'],
    [of('Adam', {amsgrad: true}), 'tfjs has no optimiser Adam with amsgrad = true'],
    [of('Adagrad', {epsilon: 0.5}), 'tfjs has no optimiser Adagrad with epsilon = 0.5'],
  ])('%j is not compiled', (optimizer_config, reason) => expectNotice({optimizer_config}, reason));

  test.each(['momentum', 'rho', 'epsilon', 'beta_1', 'beta_2', 'initial_accumulator_value'])(
    '%s must be a number',
    async (option) => {
      const before = tf.memory().numTensors;
      const training = {optimizer_config: of('RMSprop', {[option]: 'much'}), loss: LOSS};
      await expect(load(one(), {training})).rejects.toThrow(
        `loadKerasModel: the optimiser's ${option} must be a number, but is "much".`,
      );
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test('none, or not asked for, is no reason to say anything', async () => {
    const [model, said] = await compiled({optimizer_config: null});
    expect([model.optimizer, said]).toEqual([undefined, []]);
    model.dispose();
    const asked = await load(one(), {
      training: {optimizer_config: SGD, loss: LOSS},
      compile: false,
    });
    expect(asked.optimizer).toBeUndefined();
    asked.dispose();
  });
});

describe('how else it was compiled', () => {
  test.each<[Json, string]>([
    [{loss_weights: [2]}, 'tfjs does not weigh losses, as its loss_weights do'],
    [{sample_weight_mode: 'temporal'}, 'tfjs has no sample_weight_mode = "temporal"'],
  ])('%j', (training, reason) => expectNotice(training, reason));

  test('nothing of it', async () => {
    const [model, said] = await compiled({loss_weights: null, sample_weight_mode: null});
    expect(said).toEqual([]);
    model.dispose();
  });
});

/** −log of a share of e⁻⁵⁰ is 50; of one that is kept from 0 by 1e-7 it is 16.1. */
describe('the crossentropy of certain shares, that a layer hands on or not', () => {
  const [logits, shares] = [50, -Math.log(1e-7)];
  const layers: [name: string, config: object, places: number[], in2: number, in3: number][] = [
    ['ActivityRegularization', {l1: 0, l2: 0}, [], logits, logits],
    ['AlphaDropout', {rate: 0.5}, [], logits, logits],
    ['Dropout', {rate: 0.5}, [], shares, logits],
    ['GaussianDropout', {rate: 0.5}, [], logits, logits],
    ['GaussianNoise', {stddev: 0.5}, [], logits, logits],
    ['Identity', {}, [], shares, logits],
    ['SpatialDropout1D', {rate: 0.5}, [1], shares, logits],
    ['SpatialDropout2D', {rate: 0.5}, [1, 1], shares, logits],
    ['SpatialDropout3D', {rate: 0.5}, [1, 1, 1], shares, logits],
    ['Activation', {activation: 'linear'}, [], logits, logits],
    ['Reshape', {target_shape: [2]}, [], shares, shares],
    ['Rescaling', {scale: 1, offset: 0}, [], shares, shares],
  ];
  test.each(layers)('%s', async (name, config, places, in2, in3) => {
    const softmax = on(layer('Activation', {name: 'shares', activation: 'softmax'}), 'x');
    const saved = functional([
      input([...places, 2]),
      softmax,
      on(layer(name, {name: 'last', ...config}), 'shares'),
    ]);
    const training = {optimizer_config: SGD, loss: 'categorical_crossentropy'};
    const shape = [1, ...places, 2];
    for (const [version, expected] of [
      ['2.15.0', in2],
      ['3.15.1', in3],
    ] as const) {
      const model = await load(saved, {version, training});
      const [x, target] = [tf.tensor([0, 50], shape), tf.tensor([1, 0], shape)];
      const loss = model.evaluate(x, target, {verbose: 0}) as tf.Scalar;
      expectClose(loss.dataSync(), [expected], 1e-4);
      tf.dispose([x, target, loss]);
      model.dispose();
    }
  });
});
