/** How a model is built: with classes of a user's own, and with what is said where one of them fails. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import type {CustomObjects} from '../../src/keras/index.js';
import {
  functional,
  input,
  layer,
  load,
  on,
  refusal,
  sequential,
  type Weight,
} from '../support/keras_json.js';

const own = (config: object = {}, name = 'Own') => ({
  ...layer(name, {name: 'own', ...config}),
  ...{module: 'mine', registered_name: name},
});
const model = () => functional([input([2]), on(own(), 'x')]);

class Doubled extends layers.Layer {
  override call(inputs: tf.Tensor | tf.Tensor[]) {
    return tf.mul([inputs].flat()[0], 2);
  }
}

describe('classes that are given', () => {
  const {classNameMap} = tf.serialization.SerializationMap.getMap();

  test('are known for as long as the model is built, in the place of those that are registered', async () => {
    class Registered extends Doubled {
      static className = 'OwnRegistered';
    }
    tf.serialization.registerClass(Registered);
    const before = classNameMap.OwnRegistered;
    class Given extends Doubled {}
    const config = functional([input([2]), on(own({}, 'OwnRegistered'), 'x')]);
    const loaded = await load(config, {customObjects: {OwnRegistered: Given}});
    expect(loaded.layers[1]).toBeInstanceOf(Given);
    expect(loaded.layers[1].getClassName()).toBe('OwnRegistered');
    expect(classNameMap.OwnRegistered).toBe(before);
    loaded.dispose();
    const again = await load(config);
    expect(again.layers[1]).toBeInstanceOf(Registered);
    again.dispose();
  });

  test('keep a name of their own', async () => {
    class Named extends Doubled {
      static className = 'AnotherName';
    }
    const loaded = await load(model(), {customObjects: {Own: Named}});
    expect(loaded.layers[1].getClassName()).toBe('AnotherName');
    expect(Object.hasOwn(classNameMap, 'Own')).toBe(false);
    loaded.dispose();
  });

  test.each<[string, unknown]>([
    ['Own', 'Own'],
    ['Own', {}],
    ['Own', () => {}],
    ['Own', class {}],
    ['', Doubled],
    ['toString', Doubled],
  ])('“%s” is refused with %p', async (name, cls) => {
    expect(await refusal(model(), {customObjects: {[name]: cls} as CustomObjects})).toBe(
      'loadKerasModel: customObjects must have classes that extend tf.layers.Layer, or other classes of ' +
        `tf.serialization.Serializable, by their names in Python; "${name}" is not.`,
    );
  });
});

describe('a class that fails', () => {
  const failing = (error: Error) => ({
    Own: class extends layers.Layer {
      override build() {
        throw error;
      }
    },
  });
  const said = (error: Error) => refusal(model(), {customObjects: failing(error)});

  test.each([TypeError, RangeError, ReferenceError])(
    'with a %p is told with its options',
    async (Type) => {
      const text = await said(new Type('it is bad'));
      expect(text).toContain(
        'loadKerasModel: Own layer "own": tfjs fails on what the file says of it, {"inputs":[[null,2]],"options":{',
      );
      expect(text).toContain(
        'with "it is bad". See that Keras itself opens the file; where it does, write a class that extends ' +
          "tf.layers.Layer, and give it in this one's place: {customObjects: {'Own': TheClass}}.",
      );
    },
  );

  test('with what it means says that alone, its name once', async () => {
    expect(await said(new Error('it is bad'))).toBe('loadKerasModel: Own layer "own": it is bad');
    expect(await said(new Error('Own layer "own" is bad'))).toBe(
      'loadKerasModel: Own layer "own" is bad',
    );
    expect(await said(new Error('given [object Object]'))).toContain('tfjs fails on what the file');
  });

  test('at length is cut short', async () => {
    const text = (length: number) => said(new Error('a'.repeat(length)));
    expect(await text(500)).toBe(`loadKerasModel: Own layer "own": ${'a'.repeat(500)}`);
    expect(await text(501)).toBe(`loadKerasModel: Own layer "own": ${'a'.repeat(500)}…`);
  });
});

test.each([
  [198, `"${'a'.repeat(198)}"`],
  [199, `"${'a'.repeat(199)}…`],
])('a value of %d letters is printed in a message', async (length, printed) => {
  const config = sequential(input([2]), layer('ReLU'));
  config.config.layers[0].config.batch_shape = 'a'.repeat(length);
  expect(await refusal(config)).toContain(`null where a size is open, but is ${printed}`);
});

describe('weights', () => {
  const dense = sequential(input([2]), layer('Dense', {units: 1, use_bias: true}));
  const kernel: Weight = ['dense/kernel', [2, 1], [1, 2]];

  test('take no more room than twice the file’s and some', async () => {
    const large = (units: number) =>
      sequential(input([1024]), layer('Dense', {units, use_bias: false}));
    const values = Array<number>(1024 * 16).fill(1);
    const weights: Weight[] = [['dense/kernel', [1024, 16], values]];
    const most = 1024 + 2 * 16; // of 1024 numbers each, twice the file's and 2^20
    expect(await refusal(large(most), {weights})).toContain(
      'has the shape [1024,1056], but in the file',
    );
    expect(await refusal(large(most + 1), {weights})).toContain(
      'would have the shape [1024,1057], but the file has 16384 values for all weights.',
    );
  });

  test('of another shape, and fewer', async () => {
    expect(await refusal(dense, {weights: [kernel]})).toBe(
      'loadKerasModel: Dense layer "dense" has 2 weights, but the file 1 for it.',
    );
    const wrong: Weight = ['dense/bias', [2], [1, 2]];
    expect(await refusal(dense, {weights: [kernel, wrong]})).toBe(
      'loadKerasModel: Dense layer "dense": its weight 1, bias, has the shape [1], but in the file [2].',
    );
  });

  test('are told as they come, up to 1', async () => {
    const told: number[] = [];
    const bias: Weight = ['dense/bias', [1], [1]];
    const loaded = await load(dense, {
      weights: [kernel, bias],
      onProgress: (fraction) => told.push(fraction),
    });
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(1);
    loaded.dispose();
  });
});

describe('what Keras trains otherwise', () => {
  const SGD = {class_name: 'SGD', config: {learning_rate: 0.1}};
  const ADAM = {
    class_name: 'Adam',
    config: {learning_rate: 0.1, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7},
  };
  const notice = async (
    saved: object,
    options: {kwargs?: object; adam?: boolean; weights?: Weight[]; shape?: number[]} = {},
  ) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    warn.mockClear(); // of what other tests have said, where their files are run as one
    const called = on(saved, 'x');
    called.inbound_nodes[0].kwargs = options.kwargs ?? {};
    const config = functional([input(options.shape ?? [3, 2]), called]);
    const training = {optimizer_config: options.adam ? ADAM : SGD, loss: 'mse'};
    const loaded = await load(config, {training, weights: options.weights});
    const said = warn.mock.calls.map(([text]) => String(text)).join();
    warn.mockRestore();
    tf.dispose(loaded.weights.map((weight) => weight.read()));
    return said;
  };
  const each = (inner: object) => layer('TimeDistributed', {name: 'each', layer: inner});
  const ones = (name: string, shape: number[]): Weight => [
    name,
    shape,
    Array(shape.reduce((a, b) => a * b, 1)).fill(1),
  ];
  const norm = (prefix: string) =>
    ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) =>
      ones(`${prefix}/${name}`, [2]),
    );

  test.each<[string, object, Weight[]]>([
    ['Dropout', {rate: 0.5}, []],
    ['GaussianNoise', {stddev: 0.5}, []],
    ['GaussianDropout', {rate: 0.5}, []],
    ['SpatialDropout1D', {rate: 0.5}, []],
    ['BatchNormalization', {axis: -1}, norm('a')],
  ])('%s for inference', async (name, config, weights) => {
    const saved = layer(name, {name: 'a', ...config});
    const text = `"model" is not compiled as it was in Keras: ${name} layer "a" is called with training=False.`;
    expect(await notice(saved, {kwargs: {training: false}, weights})).toContain(text);
    expect(await notice(saved, {weights})).toBe('');
  });

  test('a wrapper of such a layer, and a recurrent layer with dropout, for inference', async () => {
    const dropout = each(layer('Dropout', {rate: 0.5}));
    expect(await notice(dropout, {kwargs: {training: false}})).toContain(
      'TimeDistributed layer "each" is called with training=False',
    );
    const rnn = (options: object) =>
      layer('SimpleRNN', {name: 'rnn', units: 2, use_bias: false, ...options});
    const weights = [ones('rnn/kernel', [2, 2]), ones('rnn/recurrent_kernel', [2, 2])];
    const kwargs = {training: false};
    expect(await notice(rnn({dropout: 0.5}), {kwargs, weights})).toContain(
      'SimpleRNN layer "rnn" is called',
    );
    expect(await notice(rnn({dropout: 0}), {kwargs, weights})).toBe('');
    expect(await notice(layer('ReLU'), {kwargs})).toBe('');
  });

  test('batch normalisation that is frozen', async () => {
    const saved = (name: string) => layer(name, {name: 'a', axis: -1, trainable: false});
    expect(await notice(saved('BatchNormalization'), {weights: norm('a')})).toContain(
      'BatchNormalization layer "a" is frozen, which in Keras also keeps its moving mean and variance',
    );
    expect(await notice(saved('LayerNormalization'), {weights: norm('a').slice(0, 2)})).toBe('');
  });

  test('an Embedding, whose gradients an optimiser squares', async () => {
    const saved = (more: object) =>
      layer('Embedding', {name: 'a', input_dim: 3, output_dim: 2, ...more});
    const weights = [ones('a/embeddings', [3, 2])];
    const shape = [3];
    expect(await notice(saved({}), {adam: true, weights, shape})).toContain(
      'Adam in Keras squares the gradients of Embedding layer "a" use by use',
    );
    expect(await notice(saved({trainable: false}), {adam: true, weights, shape})).toBe('');
    expect(await notice(saved({}), {weights, shape})).toBe('');
  });

  test('a low-rank update', async () => {
    const weights = [ones('a/kernel', [2, 2])];
    const saved = (more: object) => layer('Dense', {name: 'a', units: 2, use_bias: false, ...more});
    expect(await notice(saved({lora_rank: 2}), {weights})).toContain(
      'of Dense layer "a" Keras trains a low-rank update alone',
    );
    expect(await notice(saved({lora_rank: null}), {weights})).toBe('');
  });
});
