/** Bad input: what was wrong, what was expected, the value found; and nothing left behind. */
import {
  addLayerNorm,
  addRmsNorm,
  layerNorm,
  layerNormalization,
  rmsNorm,
  rmsNormalization,
} from '../../../src/index.js';
import {rmsScaling} from '../../../src/ops/rms_scaling.js';
import {tf} from '../../backends/current.js';

const matrix = () => tf.ones([2, 3]);

function disposed(shape: number[], dtype: 'float32' | 'int32' = 'float32'): tf.Tensor {
  const tensor = tf.zeros(shape, dtype);
  tensor.dispose();
  return tensor;
}

const opErrors: [name: string, run: () => unknown, message: string][] = [
  [
    'an axis beyond the last dimension',
    () => layerNorm(matrix(), {axis: 2}),
    'layerNorm: axis 2 is out of bounds: for rank 2 it must be in [-2, 1].',
  ],
  [
    'an axis before the first dimension',
    () => rmsNorm(matrix(), {axis: -3}),
    'rmsNorm: axis -3 is out of bounds: for rank 2 it must be in [-2, 1].',
  ],
  [
    'an axis given twice',
    () => layerNorm(matrix(), {axis: [1, -1]}),
    'layerNorm: axis [1,-1] names dimension 1 twice (rank 2).',
  ],
  [
    'an axis that is no integer',
    () => layerNorm(matrix(), {axis: 0.5}),
    'layerNorm: axis must be an integer or a non-empty array of integers, but is 0.5.',
  ],
  [
    'no axis at all',
    () => layerNorm(matrix(), {axis: []}),
    'layerNorm: axis must be an integer or a non-empty array of integers, but is [].',
  ],
  [
    'a negative epsilon',
    () => layerNorm(matrix(), {epsilon: -1e-3}),
    'layerNorm: epsilon must be a finite number ≥ 0, but is -0.001.',
  ],
  [
    'an epsilon that is no number',
    () => rmsNorm(matrix(), {epsilon: Number.NaN}),
    'rmsNorm: epsilon must be a finite number ≥ 0, but is NaN.',
  ],
  [
    'a gamma of a wrong shape',
    () => layerNorm(matrix(), {gamma: tf.ones([2])}),
    'layerNorm: gamma must have the shape of the normalised dimensions, [3], but has [2].',
  ],
  [
    'a beta of a wrong shape',
    () => layerNorm(matrix(), {beta: tf.ones([3, 2]), axis: [0, 1]}),
    'layerNorm: beta must have the shape of the normalised dimensions, [2,3], but has [3,2].',
  ],
  [
    'a gamma of a wrong dtype',
    () => layerNorm(matrix(), {gamma: tf.ones([3], 'int32')}),
    'layerNorm: gamma must be float32, but is int32.',
  ],
  [
    'an x of a wrong dtype',
    () => layerNorm(tf.ones([2], 'bool')),
    'layerNorm: x must be float32 or int32, but is bool.',
  ],
  [
    'a scalar',
    () => layerNorm(tf.scalar(1)),
    'layerNorm: the input must have at least one dimension, but is a scalar.',
  ],
  [
    'an option that does not exist',
    () => layerNorm(matrix(), {eps: 1e-5} as object),
    "layerNorm: unknown option 'eps'; the options are gamma, beta, axis, epsilon.",
  ],
  [
    'beta for rmsNorm',
    () => rmsNorm(matrix(), {beta: [1, 2, 3]} as object),
    "rmsNorm: unknown option 'beta'; the options are gamma, axis, epsilon.",
  ],
  [
    'an axis out of bounds of the variance that Keras’s rms_scaling takes',
    () => rmsScaling(matrix(), {axis: 2, epsilon: 1e-3}),
    'rmsScaling: axis 2 is out of bounds: for rank 2 it must be in [-2, 1].',
  ],
  [
    'a residual of a wrong shape',
    () => addLayerNorm(matrix(), tf.ones([3])),
    'addLayerNorm: residual must have the shape of x, [2,3], but has [3].',
  ],
  [
    'a residual of a wrong dtype',
    () => addRmsNorm(matrix(), tf.ones([2, 3], 'bool')),
    'addRmsNorm: residual must be float32 or int32, but is bool.',
  ],
  [
    'a residual that is disposed',
    () => addLayerNorm(matrix(), disposed([2, 3])),
    'addLayerNorm: residual is disposed.',
  ],
  [
    'an option that addRmsNorm has not',
    () => addRmsNorm(matrix(), matrix(), {beta: [1, 2, 3]} as object),
    "addRmsNorm: unknown option 'beta'; the options are gamma, axis, epsilon.",
  ],
  ['an x that is disposed', () => layerNorm(disposed([2, 3])), 'layerNorm: x is disposed.'],
  [
    'an int32 x that is disposed',
    () => rmsNorm(disposed([2, 3], 'int32')),
    'rmsNorm: x is disposed.',
  ],
  [
    'an x that is disposed, of an axis that is moved',
    () => layerNorm(disposed([2, 3]), {axis: 0}),
    'layerNorm: x is disposed.',
  ],
  ['an empty x that is disposed', () => layerNorm(disposed([0, 4])), 'layerNorm: x is disposed.'],
  [
    'a gamma that is disposed',
    () => rmsNorm(matrix(), {gamma: disposed([3])}),
    'rmsNorm: gamma is disposed.',
  ],
  [
    'a beta that is disposed',
    () => layerNorm(matrix(), {beta: disposed([2, 3]), axis: [0, 1]}),
    'layerNorm: beta is disposed.',
  ],
];

const layerErrors: [name: string, run: () => unknown, message: string][] = [
  [
    'an axis that is no integer',
    () => layerNormalization({axis: [1, 1.5]}),
    'LayerNormalization: axis must be an integer or a non-empty array of integers, but is [1,1.5].',
  ],
  [
    'a negative epsilon',
    () => layerNormalization({epsilon: -1}),
    'LayerNormalization: epsilon must be a finite number ≥ 0, but is -1.',
  ],
  [
    'an axis out of bounds, when it is built',
    () => layerNormalization({axis: 2, name: 'norm'}).apply(tf.input({shape: [4]})),
    'LayerNormalization layer "norm": axis 2 is out of bounds: for rank 2 it must be in [-2, 1].',
  ],
  [
    'an axis given twice, when it is built',
    () => rmsNormalization({axis: [1, -1], name: 'norm'}).apply(tf.input({shape: [4]})),
    'RMSNormalization layer "norm": axis [1,-1] names dimension 1 twice (rank 2).',
  ],
  [
    'a normalised dimension of unknown size, when it is built',
    () => layerNormalization({name: 'norm'}).apply(tf.input({shape: [3, null]})),
    'LayerNormalization layer "norm": dimension 2 of the input shape [null,3,null] is normalised ' +
      'over, so its size must be known, but is null.',
  ],
  [
    'an unknown initialiser',
    () => layerNormalization({gammaInitializer: 'nonsense' as 'ones'}),
    'Unknown initializer: nonsense',
  ],
  [
    'an unknown regulariser',
    () => layerNormalization({betaRegularizer: 'nonsense' as 'l1l2'}),
    'Unknown regularizer: nonsense',
  ],
  [
    'an unknown constraint',
    () => layerNormalization({gammaConstraint: 'nonsense' as 'nonNeg'}),
    'Unknown constraint: nonsense',
  ],
];

describe.each([
  ['the op', opErrors],
  ['the layer', layerErrors],
])('%s rejects', (_, errors) => {
  for (const [name, run, message] of errors) {
    test(name, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        expect(run).toThrow(message);
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});

test('the layer rejects several inputs', () => {
  tf.tidy(() => {
    const layer = layerNormalization({name: 'norm'});
    expect(() => layer.apply([matrix(), matrix()])).toThrow(
      'LayerNormalization layer "norm": expected one input, but was given 2.',
    );
  });
});
