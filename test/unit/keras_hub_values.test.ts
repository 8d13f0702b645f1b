/** Positions in the layers of KerasHub, against plain loops in float64: any axes, places of the user's, starts. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {
  MaskedLMHead,
  PositionEmbedding,
  RotaryEmbedding,
  SinePositionEncoding,
  TokenAndPositionEmbedding,
} from '../../src/keras/hub/index.js';
import {ScaleNormalization} from '../../src/keras/hub/scale_normalization.js';
import {Random} from '../../tools/random.js';
import {expectClose} from '../support/close.js';

const sizeOf = (shape: number[]) => shape.reduce((size, n) => size * n, 1);
const drawn = (shape: number[], seed = 3) => new Random(seed).normal(sizeOf(shape));
const strideOf = (shape: number[], axis: number) => sizeOf(shape.slice(axis + 1));
const placeOf = (at: number, shape: number[], axis: number) =>
  Math.floor(at / strideOf(shape, axis)) % shape[axis];

/** Applies a layer, which says the shape that it gives, and again as it is made of its config. */
function applied(
  made: tf.serialization.Serializable & {apply(x: tf.Tensor | tf.Tensor[]): unknown},
  ...xs: tf.Tensor[]
): tf.Tensor {
  return made.apply(xs.length > 1 ? xs : xs[0]) as tf.Tensor;
}

describe('RotaryEmbedding', () => {
  interface Rope {
    sequenceAxis?: number;
    featureAxis?: number;
    maxWavelength?: number;
    scalingFactor?: number;
    ropeType?: string;
    startIndex?: number;
    denominatorDim?: number;
  }
  const shape = [2, 4, 6, 8];
  const positions = [
    [3, 1, 0, 7, 2, 5],
    [0, 0, 9, 1, 4, 6],
  ];

  /** Su et al. 2021: pairs of features (i, i + half) turned by position · wavelength^(−2i / features). */
  function expected(x: Float32Array, rope: Rope, at?: number[][]): Float32Array {
    const {sequenceAxis = 1, featureAxis = -1, maxWavelength = 10000, scalingFactor = 1} = rope;
    const {ropeType = 'linear', startIndex = 0} = rope;
    const [steps, features] = [sequenceAxis, featureAxis].map((axis) => (axis + 4) % 4);
    const size = shape[features];
    const divisor = {
      linear: scalingFactor,
      dynamic: scalingFactor ** (size / (size - 2)),
      none: 1,
    }[ropeType] as number;
    return x.map((value, i) => {
      const [step, feature] = [steps, features].map((axis) => placeOf(i, shape, axis));
      const pair = feature % (size / 2);
      const position = at ? at[placeOf(i, shape, 0)][step] : step + startIndex;
      const angle =
        (position * maxWavelength ** ((-2 * pair) / (rope.denominatorDim ?? size))) / divisor;
      const isFirst = feature < size / 2;
      const other = x[i + (isFirst ? 1 : -1) * (size / 2) * strideOf(shape, features)];
      return value * Math.cos(angle) + (isFirst ? -other : other) * Math.sin(angle);
    });
  }

  test.each<Rope>([
    {},
    {startIndex: 5},
    {maxWavelength: 100},
    {scalingFactor: 4},
    {scalingFactor: 4, ropeType: 'dynamic'},
    {scalingFactor: 4, ropeType: 'none'},
    {denominatorDim: 16},
    {sequenceAxis: 2},
    {sequenceAxis: 1, featureAxis: 2},
    {sequenceAxis: 3, featureAxis: 1, startIndex: 2},
    {sequenceAxis: -2, featureAxis: -3},
  ])('%j', (rope) => {
    const x = drawn(shape);
    const made = new RotaryEmbedding({name: 'rope', ...rope});
    const y = applied(made, tf.tensor(x, shape));
    expect(y.shape).toEqual(shape);
    expectClose(y.dataSync(), expected(x, rope), 2e-6);
  });

  test.each<Rope>([{sequenceAxis: 2}, {sequenceAxis: 2, featureAxis: 1, maxWavelength: 50}])(
    '%j at positions of the user',
    (rope) => {
      const x = drawn(shape);
      const inputNames = [['inputs'], ['positions']];
      const made = new RotaryEmbedding({name: 'rope', ...rope, inputNames});
      const y = applied(made, tf.tensor(x, shape), tf.tensor2d(positions));
      expectClose(y.dataSync(), expected(x, rope, positions), 2e-6);
    },
  );
});

describe('SinePositionEncoding', () => {
  const [batch, steps, features] = [2, 3, 5];
  /** Vaswani et al. 2017: sine of even features, cosine of odd ones. */
  const expected = (positionOf: (row: number, step: number) => number, wavelength: number) =>
    Float64Array.from({length: batch * steps * features}, (_, at) => {
      const [row, step, i] = [
        Math.floor(at / (steps * features)),
        Math.floor(at / features) % steps,
        at % features,
      ];
      const angle = positionOf(row, step) / wavelength ** ((2 * Math.floor(i / 2)) / features);
      return i % 2 ? Math.cos(angle) : Math.sin(angle);
    });
  const x = () => tf.zeros([batch, steps, features]);

  test('by step, from a start, with another wavelength, at positions', () => {
    const by = (options: object, ...more: tf.Tensor[]) =>
      applied(new SinePositionEncoding({name: 'sine', ...options}), x(), ...more).dataSync();
    expectClose(
      by({}),
      expected((_, step) => step, 10000),
      2e-6,
    );
    expectClose(
      by({startIndex: 4}),
      expected((_, step) => step + 4, 10000),
      2e-6,
    );
    expectClose(
      by({maxWavelength: 7}),
      expected((_, step) => step, 7),
      2e-6,
    );
    const positions = [
      [2, 0, 5],
      [1, 1, 3],
    ];
    const given = {inputNames: [['inputs'], ['positions']]};
    expectClose(
      by(given, tf.tensor2d(positions)),
      expected((row, step) => positions[row][step], 10000),
      2e-6,
    );
  });
});

describe('learned positions', () => {
  const table = drawn([5, 2]);
  const embedding = (options: object) => {
    const made = new PositionEmbedding({name: 'position', sequenceLength: 5, ...options});
    return made;
  };
  const setTable = (made: PositionEmbedding) => made.setWeights([tf.tensor(table, [5, 2])]);
  const rows = (...at: number[]) =>
    Float64Array.from(at.flatMap((i) => [table[2 * i], table[2 * i + 1]]));

  test('by step, from a start, at positions', () => {
    const run = (made: PositionEmbedding, ...xs: tf.Tensor[]) => {
      applied(made, ...xs);
      setTable(made);
      return applied(made, ...xs).dataSync();
    };
    const x = tf.zeros([2, 3, 2]);
    expectClose(run(embedding({}), x), rows(0, 1, 2, 0, 1, 2), 1e-6);
    expectClose(run(embedding({startIndex: 2}), x), rows(2, 3, 4, 2, 3, 4), 1e-6);
    const given = embedding({inputNames: [['inputs'], ['positions']]});
    expectClose(
      run(
        given,
        x,
        tf.tensor2d([
          [4, 0, 1],
          [2, 2, 3],
        ]),
      ),
      rows(4, 0, 1, 2, 2, 3),
      1e-6,
    );
  });

  test('are as many as there are', () => {
    const most = embedding({startIndex: 2});
    expect(() => applied(most, tf.zeros([1, 4, 2]))).toThrow(
      'PositionEmbedding layer "position": it has 5 positions, but its input 4 steps.',
    );
    const open = embedding({startIndex: 2});
    open.build([null, null, 2]);
    expect(applied(open, tf.zeros([1, 3, 2])).shape).toEqual([1, 3, 2]);
    expect(() => open.call(tf.zeros([1, 4, 2]))).toThrow(
      'it has 5 positions, but its input 4 steps.',
    );
  });

  test('of tokens, masked where there is none', () => {
    const made = (maskZero: boolean) =>
      new TokenAndPositionEmbedding({
        name: 't',
        vocabularySize: 3,
        sequenceLength: 4,
        embeddingDim: 2,
        maskZero,
      });
    const tokens = tf.tensor2d([[2, 0, 1]], undefined, 'int32');
    const [plain, masked] = [made(false), made(true)];
    expect(plain.computeMask(tokens)).toBeNull();
    expect(masked.computeMask(tokens).arraySync()).toEqual([[1, 0, 1]]);
    expect(masked.computeOutputShape([null, 3])).toEqual([null, 3, 2]);
    applied(masked, tokens);
    const [words, places] = [drawn([3, 2], 4), drawn([4, 2], 5)];
    masked.setWeights([tf.tensor(words, [3, 2]), tf.tensor(places, [4, 2])]);
    const expected = [2, 0, 1].flatMap((word, step) =>
      [0, 1].map((i) => words[2 * word + i] + places[2 * step + i]),
    );
    expectClose(applied(masked, tokens).dataSync(), expected, 1e-6);
  });
});

test('ScaleNormalization: x / √(mean of squares + ε), times its weight, or 1 more', () => {
  const [x, scale] = [drawn([2, 3]), drawn([3], 4)];
  for (const addsOne of [false, true]) {
    const made = new ScaleNormalization({name: 's', epsilon: 0.125, addsOne});
    made.build([2, 3]);
    made.setWeights([tf.tensor(scale, [3])]);
    const expected = x.map((value, i) => {
      const row = x.slice(i - (i % 3), i - (i % 3) + 3);
      const square = row.reduce((sum, each) => sum + (each * each) / 3, 0);
      return (value / Math.sqrt(square + 0.125)) * (scale[i % 3] + (addsOne ? 1 : 0));
    });
    expectClose(applied(made, tf.tensor(x, [2, 3])).dataSync(), expected, 2e-6);
    tf.dispose(made.weights.map((weight) => weight.read()));
  }
});

test('an input that a layer does not know is refused', () => {
  expect(() => new MaskedLMHead({name: 'head', inputNames: [['inputs'], ['mask']]})).toThrow(
    'MaskedLMHead layer "head": its call has no argument "mask" here.',
  );
});
