/** Operations by which Keras makes masks are read for what they are: none of them is left in a model. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, layers} from '@tensorflow/tfjs-layers';
import {loadKerasModel} from '../../src/keras/index.js';
import {KerasOperation} from '../../src/keras/operations/keras_operation.js';
import {maskFixtures} from '../fixtures/keras/masks.js';
import {gunzip} from '../support/gunzip.js';
import {
  call,
  called,
  from,
  functional,
  input,
  type Json,
  layer,
  load,
  onList,
} from '../support/keras_json.js';

/** The operations in a model and in those within it. */
function operationsIn(model: LayersModel): string[] {
  return model.layers.flatMap((each: layers.Layer) => {
    if (each instanceof KerasOperation) return [each.operationName];
    return 'layers' in each ? operationsIn(each as unknown as LayersModel) : [];
  });
}

test.each(maskFixtures)('$source', async ({file}) => {
  const model = await loadKerasModel(await gunzip(file));
  const made = operationsIn(model).filter((name) =>
    /NotEqual|Any|Logical|Like|BroadcastTo/.test(name),
  );
  expect(made).toEqual([]);
  tf.dispose(model.weights.map((weight) => weight.read()));
});

describe('a mask of a recurrent layer', () => {
  const operation = (class_name: string, name: string, args: Json[], kwargs: object = {}) =>
    called({...layer(class_name, {name}), module: 'keras.src.ops.numpy'}, call(args, kwargs));
  const differs = (name: string, of = 'x', value = 0) =>
    operation('NotEqual', name, [from(of), value]);
  const any = (name: string, of: string, kwargs: object = {axis: -1, keepdims: false}) =>
    operation('Any', name, [from(of)], kwargs);
  const rnn = (mask: string) =>
    called(
      layer('SimpleRNN', {name: 'rnn', units: 1, activation: 'linear', use_bias: false}),
      call([from('x')], {mask: from(mask)}),
    );
  const weights: [string, number[], number[]][] = [
    ['rnn/kernel', [2, 1], [1, 10]],
    ['rnn/recurrent_kernel', [1, 1], [100]],
  ];
  const X = [
    [1, 0],
    [0, 0],
    [2, 3],
    [0, 3],
  ];
  const run = async (made: Json[], mask: string) => {
    const model = await load(functional([input([4, 2]), ...made, rnn(mask)]), {weights});
    const y = tf.tidy(() => (model.predict(tf.tensor3d([X])) as tf.Tensor).dataSync()[0]);
    const left = operationsIn(model);
    model.dispose();
    return {y, left};
  };
  /** h ← x·(1, 10) + 100·h at the steps that are seen. */
  const expected = (seen: number[]) =>
    X.reduce((h, [a, b], t) => (seen[t] ? a + 10 * b + 100 * h : h), 0);

  const read: [string, Json[], string, number[]][] = [
    ['of numbers other than 0', [differs('d'), any('m', 'd')], 'm', [1, 0, 1, 1]],
    ['of numbers other than 3', [differs('d', 'x', 3), any('m', 'd')], 'm', [1, 1, 1, 1]],
    [
      'where both are',
      [
        differs('d'),
        any('a', 'd'),
        differs('e', 'y'),
        any('b', 'e'),
        operation('LogicalAnd', 'm', [from('a'), from('b')]),
      ],
      'm',
      [1, 0, 1, 0],
    ],
    [
      'where one is',
      [
        differs('d', 'y'),
        any('a', 'd'),
        differs('e', 'z'),
        any('b', 'e'),
        operation('LogicalOr', 'm', [from('a'), from('b')]),
      ],
      'm',
      [1, 1, 1, 0],
    ],
  ];
  const scaled = (name: string, scale: number[][]) =>
    called(layer('Rescaling', {name, scale, offset: 0}), call([from('x')]));
  const rest = [
    scaled('y', [
      [1, 1],
      [1, 1],
      [1, 1],
      [0, 0],
    ]),
    called(
      layer('Rescaling', {
        name: 'z',
        scale: 0,
        offset: [
          [0, 0],
          [1, 0],
          [0, 0],
          [0, 0],
        ],
      }),
      call([from('x')]),
    ),
  ];
  test.each(read)('%s is read', async (_, made, mask, seen) => {
    expect(await run([...rest, ...made], mask)).toEqual({y: expected(seen), left: []});
  });

  const kept: [string, Json[], string, number[], string[]][] = [
    [
      'over another axis',
      [differs('d'), operation('Any', 'm', [from('d')], {axis: 2})],
      'm',
      [1, 0, 1, 1],
      ['NotEqual', 'Any'],
    ],
    [
      'of a comparison of another kind',
      [operation('Greater', 'd', [from('x'), 0.5]), any('m', 'd')],
      'm',
      [1, 0, 1, 1],
      ['Greater', 'Any'],
    ],
    [
      'of two tensors',
      [operation('NotEqual', 'd', [from('x'), from('z')]), any('m', 'd')],
      'm',
      [1, 1, 1, 1],
      ['NotEqual', 'Any'],
    ],
  ];
  test.each(kept)('%s is left as it is', async (_, made, mask, seen, operations) => {
    expect(await run([...rest, ...made], mask)).toEqual({y: expected(seen), left: operations});
  });

  test('of tensors that are joined along the steps is read', async () => {
    const made = [
      onList(layer('Concatenate', {name: 'twice', axis: 1}), 'x', 'x'),
      differs('d'),
      any('a', 'd'),
      operation('ExpandDims', 'wide', [from('a')], {axis: -1}),
      operation('OnesLike', 'ones', [from('x')]),
      operation('BroadcastTo', 'spread', [from('wide')], {shape: [1, 4, 2]}),
      operation('Concatenate', 'both', [[from('spread'), from('ones')]], {axis: 1}),
      any('m', 'both'),
    ];
    const long = called(
      layer('SimpleRNN', {name: 'rnn', units: 1, activation: 'linear', use_bias: false}),
      call([from('twice')], {mask: from('m')}),
    );
    const model = await load(functional([input([4, 2]), ...made, long]), {weights});
    expect(operationsIn(model)).toEqual([]);
    const y = tf.tidy(() => (model.predict(tf.tensor3d([X])) as tf.Tensor).dataSync()[0]);
    const first = expected([1, 0, 1, 1]);
    const whole = X.reduce((h, [a, b]) => a + 10 * b + 100 * h, first);
    expect(y / Math.fround(whole)).toBeCloseTo(1, 6);
    model.dispose();
  });
});
