/** Layers of Keras whose values can be written down: batch normalisation over any axis, encodings. */
import {serialization} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

/** A layer as `tf.loadLayersModel` makes it of its class and config. */
function layerOf(className: string, config: serialization.ConfigDict): layers.Layer {
  const [cls, fromConfig] = serialization.SerializationMap.getMap().classNameMap[className];
  return fromConfig(cls, config) as layers.Layer;
}

const shape = [2, 3, 2, 2, 2];
const numbers = (count: number, start: number, step: number) =>
  Array.from({length: count}, (_, i) => start + ((i * step) % 7) / 3);

/** What index an element of a row-major tensor has along an axis. */
function indexAlong(flat: number, of: number[], axis: number): number {
  const stride = of.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Math.floor(flat / stride) % of[axis];
}

describe('batch normalisation', () => {
  const cases: [number[], number][] = [
    [shape.slice(0, 3), 1],
    [shape.slice(0, 4), 1],
    [shape, 4],
    [shape, 1],
  ];

  test.each(cases)('of a tensor of shape %j over axis %i', async (of, axis) => {
    const size = of.reduce((product, n) => product * n, 1);
    const channels = of[axis];
    const [x, gamma, beta] = [
      numbers(size, -1, 3),
      numbers(channels, 0.5, 2),
      numbers(channels, -2, 5),
    ];
    const [mean, variance] = [numbers(channels, 0, 4), numbers(channels, 0.7, 3)];
    const layer = layerOf('BatchNormalization', {name: 'norm', axis, epsilon: 0.01});
    layer.build(of);
    layer.setWeights([gamma, beta, mean, variance].map((values) => tf.tensor1d(values)));
    const expected = x.map((value, i) => {
      const c = indexAlong(i, of, axis);
      return (gamma[c] * (value - mean[c])) / Math.sqrt(variance[c] + 0.01) + beta[c];
    });
    const y = layer.apply(tf.tensor(x, of)) as ReturnType<typeof tf.tensor>;
    expect(y.shape).toEqual(of);
    expectClose(await y.data(), expected, 1e-5);
    tf.dispose(layer.getWeights());
  });

  test('in training without gamma, the batch’s statistics serve, and the moving ones follow', async () => {
    const layer = layerOf('BatchNormalization', {
      ...{name: 'norm', axis: 1, epsilon: 0, scale: false, momentum: 0.5},
    });
    const y = layer.apply(tf.tensor3d([[[1, 3]], [[5, 7]]]), {training: true});
    const sd = Math.sqrt(5); // of 1, 3, 5, 7, whose mean is 4
    expectClose(
      await (y as ReturnType<typeof tf.tensor>).data(),
      [-3 / sd, -1 / sd, 1 / sd, 3 / sd],
      1e-5,
    );
    const [, mean, variance] = layer.getWeights();
    expectClose(await mean.data(), [2], 1e-6);
    expectClose(await variance.data(), [3], 1e-6);
    tf.dispose(layer.getWeights());
  });
});

describe('CategoryEncoding', () => {
  const tokens = [
    [2, 0, 0],
    [1, 3, 1],
  ];
  const cases: [string, number[][] | number[][][]][] = [
    [
      'multi_hot',
      [
        [1, 0, 1, 0],
        [0, 1, 0, 1],
      ],
    ],
    [
      'count',
      [
        [2, 0, 1, 0],
        [0, 2, 0, 1],
      ],
    ],
    [
      'one_hot',
      [
        [
          [0, 0, 1, 0],
          [1, 0, 0, 0],
          [1, 0, 0, 0],
        ],
        [
          [0, 1, 0, 0],
          [0, 0, 0, 1],
          [0, 1, 0, 0],
        ],
      ],
    ],
  ];

  test.each(cases)('%s', async (outputMode, expected) => {
    const layer = layerOf('CategoryEncoding', {
      name: 'encoding',
      num_tokens: 4,
      output_mode: outputMode,
    });
    const y = layer.apply(tf.tensor2d(tokens, [2, 3], 'int32')) as ReturnType<typeof tf.tensor>;
    expect(await y.array()).toEqual(expected);
    expect(layer.computeOutputShape([null, 3])).toEqual([null, ...y.shape.slice(1)]);
  });

  test('one_hot of one number an example has no dimension of size 1', async () => {
    const layer = layerOf('CategoryEncoding', {
      name: 'encoding',
      num_tokens: 3,
      output_mode: 'oneHot',
    });
    const y = layer.apply(tf.tensor2d([[1], [2]], [2, 1], 'int32')) as ReturnType<typeof tf.tensor>;
    expect(await y.array()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });
});

describe('a Normalization called with tensors of several ranks', () => {
  /** Built for [2, 3], so that its statistics have the shape [1, 3]. */
  const built = () => {
    const layer = layerOf('Normalization', {
      ...{name: 'norm', axis: 1, mean: [0, 1, 2], variance: [1, 4, 16]},
    });
    layer.apply(tf.zeros([2, 3]));
    return layer;
  };

  test('has its statistics broadcast from the right, as in Keras', async () => {
    const y = built().apply(
      tf.tensor3d([
        [
          [1, 3, 6],
          [2, 1, -2],
        ],
      ]),
    ) as ReturnType<typeof tf.tensor>;
    expect(y.shape).toEqual([1, 2, 3]);
    expectClose(await y.data(), [1, 1, 1, 2, 0, -1], 1e-6);
    const x = tf.tensor1d([4]);
    expect(built().computeOutputShape(x.shape)).toEqual([1, 3]);
  });

  test('refuses one to which they cannot be broadcast', () => {
    expect(() => built().computeOutputShape([2, 3, 4])).toThrow(
      'Normalization layer "norm": its statistics have the shape [1,3] of its first input, to which an ' +
        'input of the shape [2,3,4] does not fit. Give each input a Normalization of its own.',
    );
  });
});
