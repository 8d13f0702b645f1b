/** How layers are called in a file of Keras: by place, by keyword, with lists, dicts and constants. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  call,
  called,
  from,
  functional,
  input,
  type Json,
  layer,
  load,
  on,
  onList,
  predicted,
  refusal,
  type Weight,
} from '../support/keras_json.js';
import {savedAgain} from '../support/model_case.js';

const relu = () => layer('ReLU');
/** A model of one layer that is called so. */
const with1 = (saved: Json, ...nodes: Json[]) => functional([input([2]), called(saved, ...nodes)]);
const x = () => tf.tensor2d([[-1, 2]]);

describe('the first argument by keyword', () => {
  test.each(['inputs', 'sequences', 'sequence', 'x'])('%s', async (name) => {
    const config = with1(relu(), call([], {[name]: from('x')}));
    expect(await predicted(config, [x()])).toEqual([[0, 2]]);
  });

  test('of another name is refused', async () => {
    expect(await refusal(with1(relu(), call([], {y: from('x')})))).toBe(
      'loadKerasModel: ReLU layer "relu" is called with the tensor "y" by keyword, which is not supported.',
    );
  });

  test('beside one that has its place is refused', async () => {
    expect(await refusal(with1(relu(), call([from('x')], {inputs: from('x')})))).toContain(
      'is called with the tensor "inputs" by keyword',
    );
  });

  test('after another one', async () => {
    const rnn = layer('SimpleRNN', {name: 'rnn', units: 1, activation: 'linear', use_bias: true});
    const weights: Weight[] = [
      ['rnn/kernel', [1, 1], [2]],
      ['rnn/recurrent_kernel', [1, 1], [3]],
      ['rnn/bias', [1], [1]],
    ];
    const expected = [[2 * 2 + 3 * (2 * 1 + 3 * 10 + 1) + 1]];
    const xs = () => [tf.tensor3d([[[1], [2]]]), tf.tensor2d([[10]])];
    const nodes = [
      call([], {initial_state: [from('state')], sequences: from('x')}),
      call([from('x')], {initial_state: from('state')}),
      call([from('x')], {initial_state: [from('state')], training: false, mask: null}),
    ];
    for (const node of nodes) {
      const config = functional([input([2, 1]), input([1], 'state'), called(rnn, node)]);
      expect(await predicted(config, xs(), {weights})).toEqual(expected);
    }
  });
});

describe('other arguments', () => {
  test('that are none, no or a name mean nothing', async () => {
    const node = call([from('x'), null], {training: null, other: false, name: 'here'});
    expect(await predicted(with1(relu(), node), [x()])).toEqual([[0, 2]]);
  });

  test.each<[Json, string]>([
    [call([from('x')], {factor: 3}), 'factor = 3, which tfjs cannot do.'],
    [call([from('x')], {how: 'wide'}), 'how = "wide", which tfjs cannot do.'],
    [call([3]), "the constant 3, which tfjs's layer does not take."],
    [call([from('x'), [1, 2]]), "the constant [1,2], which tfjs's layer does not take."],
  ])('%j are refused', async (node, message) => {
    expect(await refusal(with1(relu(), node))).toBe(
      `loadKerasModel: ReLU layer "relu" is called with ${message}`,
    );
  });

  test('an argument of training that Keras sets anew is left out, in Keras 3 alone', async () => {
    const crop = layer('CenterCrop', {height: 1, width: 1});
    const config = functional([
      input([3, 3, 1]),
      called(crop, call([from('x')], {training: true})),
    ]);
    const image = () => tf.reshape(tf.range(0, 9), [1, 3, 3, 1]);
    expect(await predicted(config, [image()])).toEqual([[4]]);
    config.config.layers[1].inbound_nodes = [[['x', 0, 0, {training: true}]]];
    expect(await refusal(config, {version: '2.15.0'})).toContain('is called with training = true');
  });
});

test('the tensors of a dict come by the alphabet of their keys', async () => {
  const joined = called(
    layer('Concatenate', {axis: -1}),
    call([{b: from('x'), a: from('y'), c: from('x')}]),
  );
  const config = functional([input([1]), input([1], 'y'), joined]);
  expect(await predicted(config, [tf.tensor2d([[1]]), tf.tensor2d([[2]])])).toEqual([[2, 1, 1]]);
});

test.each([
  [['x', '0', 0], '["x","0",0]'],
  [['x', 0, 0.5], '["x",0,0.5]'],
  [[7, 0, 0], '[7,0,0]'],
  [undefined, 'absent'],
])('a tensor %j is none', async (keras_history, printed) => {
  const tensor = {class_name: '__keras_tensor__', config: {keras_history}};
  expect(await refusal(with1(relu(), call([tensor])))).toContain(
    `a tensor must be a [layer, call, output] that tfjs's layers take, but is ${printed}.`,
  );
});

describe('calls that cannot be made', () => {
  test('of layers that wait for each other', async () => {
    const layers = [
      input([2]),
      onList(layer('Add', {name: 'a'}), 'x', 'b'),
      onList(layer('Add', {name: 'b'}), 'x', 'a'),
      on(layer('ReLU', {name: 'c'}), 'b'),
    ];
    expect(await refusal(functional(layers))).toBe(
      'loadKerasModel: the calls of these layers wait for each other: "a", "b", "c".',
    );
  });

  test.each([
    [
      'another output',
      from('x', {}, 0, 1),
      'relu" is given an output of another layer that this one',
    ],
    [
      'another call',
      from('x', {}, 1),
      'ReLU layer "relu" takes [x, 1, 0], which no call of a layer gives.',
    ],
    [
      'a call before the first',
      from('x', {}, -1),
      'takes [x, -1, 0], which no call of a layer gives.',
    ],
    ['an output before the first', from('x', {}, 0, -1), 'takes [x, 0, -1], which no call of a'],
    ['another layer', from('z'), 'takes [z, 0, 0], which no call of a layer gives.'],
  ])('of %s', async (_, tensor, message) => {
    expect(await refusal(with1(relu(), call([tensor])))).toContain(message);
  });

  test('of one layer in different ways', async () => {
    const both = [[from('x'), from('x')]];
    const attention = called(
      layer('Attention', {use_scale: false, score_mode: 'dot', dropout: 0}),
      call(both, {use_causal_mask: true}),
      call(both),
    );
    const config = functional([input([3, 2]), attention]);
    expect(await refusal(config)).toContain(
      'Attention layer "attention" is called in different ways.',
    );
  });

  test('of one operation in different ways, or in none', async () => {
    const product = {...layer('Multiply'), module: 'keras.src.ops.numpy'};
    const times = (factor: number) => call([from('x'), factor]);
    expect(await refusal(with1(product, times(2), times(3)))).toContain(
      'the operation Multiply "multiply" is called in different ways.',
    );
    expect(await predicted(with1(product, times(2), times(2)), [x()])).toEqual([[-2, 4]]);
    expect(await refusal(with1(product))).toContain(
      'the operation Multiply "multiply" is never called.',
    );
  });

  const masked = () => on(layer('Masking', {mask_value: 0}), 'x');
  test('of one layer with masks and without', async () => {
    const layers = [
      input([3, 2]),
      masked(),
      called(
        layer('Multiply'),
        call([[from('masking'), from('x')]]),
        call([[from('x'), from('x')]]),
      ),
    ];
    expect(await refusal(functional(layers))).toContain(
      'Multiply layer "multiply" is called with masked inputs and with others, which one layer of tfjs ' +
        'cannot do. In Python, use a layer of its own for each of the calls.',
    );
  });

  test.each([
    ['a number', 5, 0],
    ['two', [[from('x'), from('x')]], 2],
  ])('with a mask that is %s', async (_, mask, count) => {
    const lstm = called(layer('LSTM', {units: 2}), call([from('x')], {mask}));
    expect(await refusal(functional([input([3, 2]), lstm]))).toContain(
      `a mask must be one tensor, but is ${count}.`,
    );
  });
});

describe("a class of a user's own is given", () => {
  type Seen = {inputs: unknown; kwargs: object};
  const seen: Seen[] = [];
  const options: object[] = [];

  class CallRecorder extends tfl.layers.Layer {
    static className = 'CallRecorder';
    constructor(readonly args: object) {
      super(args);
      options.push(args);
    }
    override call(inputs: tf.Tensor | tf.Tensor[], kwargs: object) {
      seen.push({inputs: plain(inputs), kwargs: plain(kwargs) as object});
      return tf.zeros([1, 2]);
    }
    override computeOutputShape() {
      return [null, 2];
    }
    override getConfig() {
      return {...super.getConfig(), ...this.args} as tf.serialization.ConfigDict;
    }
  }

  beforeAll(() => tf.serialization.registerClass(CallRecorder));
  beforeEach(() => {
    seen.length = 0;
    options.length = 0;
  });

  /** Arguments with each tensor as its first number. */
  function plain(value: unknown): unknown {
    if (value instanceof tf.Tensor) return `tensor ${value.dataSync()[0]}`;
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }

  const own = (config: object = {}) => ({
    ...layer('CallRecorder', {name: 'own', ...config}),
    ...{module: 'mine', registered_name: 'Mine>CallRecorder'},
  });
  const model = (node: Json, config: object = {}) =>
    functional([input([2], 'a'), input([2], 'b'), called(own(config), node)]);
  const [a, b] = [from('a'), from('b')];
  const constant = (class_name: string, value: unknown) => ({
    class_name,
    config: {value, dtype: 'float32'},
  });

  const cases: [what: string, node: Json, inputs: unknown, kwargs: object][] = [
    ['a tensor', call([a]), 'tensor 1', {}],
    ['two tensors', call([b, a]), ['tensor 2', 'tensor 1'], {}],
    ['a list', call([[a, b]]), ['tensor 1', 'tensor 2'], {}],
    ['a constant', call([a, 2.5]), ['tensor 1', 2.5], {}],
    ['a list and a text', call([[a, b], 'some_text']), [['tensor 1', 'tensor 2'], 'some_text'], {}],
    ['a list with a constant in it', call([[a, 3, b]]), ['tensor 1', 3, 'tensor 2'], {}],
    ['a dict', call([{key_of: b, a_key: a}]), {key_of: 'tensor 2', a_key: 'tensor 1'}, {}],
    ['keywords', call([a], {the_other: b, by: 2}), 'tensor 1', {theOther: 'tensor 2', by: 2}],
    [
      'nothing by place',
      call([], {query: a, value: b}),
      [],
      {query: 'tensor 1', value: 'tensor 2'},
    ],
    [
      'lists by keyword',
      call([a], {flags: [true, 'two_words', [b, 1]]}),
      'tensor 1',
      {flags: [true, 'two_words', ['tensor 2', 1]]},
    ],
    ['arrays', call([a, constant('__numpy__', [1, 2])]), ['tensor 1', [1, 2]], {}],
    ['tensors of constants', call([a], {t: constant('__tensor__', [[3]])}), 'tensor 1', {t: [[3]]}],
    ['nothing and a name', call([a], {mask: null, other: null, name: 'n'}), 'tensor 1', {}],
    ['zero and no', call([a], {factor: 0, flag: false}), 'tensor 1', {factor: 0, flag: false}],
  ];
  test.each(cases)('%s, also when it is saved again', async (_, node, inputs, kwargs) => {
    const loaded = await load(model(node));
    const again = await tfl.loadLayersModel(
      tf.io.fromMemory(await savedAgain(tf, loaded as never)),
    );
    for (const each of [loaded, again]) {
      seen.length = 0;
      const xs = [tf.tensor2d([[1, 0]]), tf.tensor2d([[2, 0]])];
      tf.dispose([each.predict(xs), xs]);
      const [{kwargs: found, inputs: received}] = seen;
      const {training: __, ...given} = found as {training?: boolean};
      expect([received].flat()).toEqual([inputs].flat());
      expect(given).toEqual(kwargs);
      expect(each.outputs[0].shape).toEqual([null, 2]);
    }
  });

  test('its options in camelCase, with their texts and objects as they were saved', async () => {
    const loaded = await load(
      model(call([a]), {
        ...{some_option: 'two_words', trainable: true, kernel_initializer: 'glorot_uniform'},
        ...{my_activation: 'log_softmax', activation: 'relu', nothing: null, count_of_x1: 3},
        nested: {inner_key: [1, {deep_key: 'two_words'}]},
        made_by: {class_name: 'GlorotUniform', module: 'keras.initializers', config: {a_seed: 1}},
      }),
    );
    loaded.dispose();
    expect(options[0]).toEqual({
      ...{
        name: 'own',
        someOption: 'two_words',
        trainable: true,
        kernelInitializer: 'glorotUniform',
      },
      ...{myActivation: 'logSoftmax', activation: 'relu', nothing: null, countOfX1: 3},
      nested: {inner_key: [1, {deep_key: 'two_words'}]},
      madeBy: {className: 'GlorotUniform', config: {aSeed: 1}},
    });
  });
});
