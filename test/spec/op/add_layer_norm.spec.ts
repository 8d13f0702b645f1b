/** `addLayerNorm` and `addRmsNorm`: values, gradients of every order, kernels, and nothing left. */
import {addLayerNorm, addRmsNorm, layerNorm} from '../../../src/index.js';
import {AddLayerNorm, LayerNormGrad} from '../../../src/kernels/contract.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {backendName, kernelKind, tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {expectedForward} from '../../support/expected.js';
import {finiteDifferences} from '../../support/finite_differences.js';
import {kernelsOf} from '../../support/kernels_of.js';

/** What float32 gives for the sum of two float32 numbers: it is the same on every backend. */
const sumOf = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Float32Array.from(a, (value, i) => Math.fround(value + b[i]));

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

const VALUES: {name: string; shape: number[]; axis?: number[]; mean?: number; center?: boolean}[] =
  [
    {name: 'rows of 7', shape: [3, 7]},
    {name: 'one column', shape: [3, 1]},
    {name: 'rows of 256', shape: [2, 5, 256]},
    {name: 'several axes', shape: [2, 3, 4], axis: [2, 1]},
    {name: 'an axis that is moved', shape: [3, 4, 5], axis: [1]},
    {name: 'rows of 9000, which some backends cut', shape: [2, 9000]},
    {name: 'rows of 3001, too many for a workgroup’s registers', shape: [17, 3001]},
    {name: 'a large mean', shape: [3, 40], mean: 1e4},
    {name: 'more rows than a cacheful', shape: [400, 100]},
    {name: 'RMS normalisation', shape: [4, 33], center: false},
  ];

test.each(VALUES)(
  'the values of $name',
  async ({shape, axis = [-1], mean = 0.5, center = true}) => {
    const random = new Random(3);
    const size = tf.util.sizeFromShape(shape);
    const [x, residual] = [random.normal(size, mean, 2), random.normal(size)];
    const axes = axis.map((a) => (a < 0 ? a + shape.length : a));
    const paramShape = axes.map((a) => shape[a]);
    const cols = tf.util.sizeFromShape(paramShape);
    const [gamma, beta] = [random.normal(cols), random.normal(cols)];
    const [y, sum] = tf.tidy(() => {
      const options = {axis, gamma: tf.tensor(gamma, paramShape), epsilon: 1e-3};
      const [a, b] = [tf.tensor(x, shape), tf.tensor(residual, shape)];
      if (!center) return addRmsNorm(a, b, options);
      return addLayerNorm(a, b, {...options, beta: tf.tensor(beta, paramShape)});
    });
    expect([y.shape, sum.shape]).toEqual([shape, shape]);
    const added = sumOf(x, residual);
    const options = {shape, axes, gamma, epsilon: 1e-3, center, ...(center && {beta})};
    expectClose(await sum.data(), added, 0);
    expectClose(await y.data(), expectedForward(added, options), 2e-6);
    tf.dispose([y, sum]);
  },
);

test('arrays, int32 and absent options', () => {
  tf.tidy(() => {
    const [y, sum] = addLayerNorm(tf.tensor2d([[1, 2, 3]], [1, 3], 'int32'), [[0, 0, 3]]);
    expect([y.dtype, sum.dtype]).toEqual(['float32', 'float32']);
    expectClose(sum.dataSync(), [1, 2, 6], 0);
    const options = {cols: 3, epsilon: 1e-3, center: true};
    expectClose(y.dataSync(), reference.forward([1, 2, 6], options).y, 2e-6);
  });
});

test('a NaN and a huge number spoil no row but their own', () => {
  const x = [Number.NaN, 1, 2, 3, 1e30, -1e30, 1, 2, 3];
  const [y, sum] = tf.tidy(() => {
    const results = addLayerNorm(tf.tensor2d(x, [3, 3]), tf.ones([3, 3]));
    return results.map((result) => result.dataSync());
  });
  const added = x.map((value) => Math.fround(value + 1));
  expectClose(sum, added, 0, 3);
  const options = {cols: 3, epsilon: 1e-3, center: true};
  expectClose(y.slice(3), reference.forward(added.slice(3), options).y, 2e-6, 3);
  expect(y.slice(0, 3).every(Number.isNaN)).toBe(true);
});

test('nothing gives nothing', () => {
  tf.tidy(() => {
    const [y, sum] = addLayerNorm(tf.zeros([0, 4]), tf.zeros([0, 4]));
    expect([y.shape, sum.shape]).toEqual([
      [0, 4],
      [0, 4],
    ]);
  });
});

describe('gradients', () => {
  const [rows, cols, epsilon] = [3, 7, 1e-3];
  const random = new Random(5);
  const [x, residual, dy, dsum, v, w] = Array.from({length: 6}, () => random.normal(rows * cols));
  const [gamma, beta] = [random.normal(cols), random.normal(cols)];
  const matrix = (values: ArrayLike<number>) => tf.tensor2d(Array.from(values), [rows, cols]);
  const added = sumOf(x, residual);

  const byOp = (...[a, b, g, c]: tf.Tensor[]) => addLayerNorm(a, b, {gamma: g, beta: c, epsilon});
  const byRms = (...[a, b, g, c]: tf.Tensor[]) => {
    const [y, sum] = addRmsNorm(a, b, {gamma: g, epsilon});
    return [tf.add(y, c), sum];
  };
  /** The kernel itself, as somebody may call it: the op leaves it aside while a gradient is taken. */
  const byKernel = (...[a, b, g, c]: tf.Tensor[]) => {
    const inputs = {x: a, residual: b, gamma: g, beta: c};
    const attrs = {epsilon, center: true};
    const [y, , sum] = tf.engine().runKernel(AddLayerNorm, inputs, attrs) as tf.Tensor[];
    return [y, sum];
  };

  beforeAll(() => layerNorm([[1, 2]]).dispose()); // registers the kernels of a backend that has none

  /** ⟨y, dy⟩ + ⟨sum, dsum⟩. */
  const lossOf = ([y, sum]: tf.Tensor[], upstream: tf.Tensor) =>
    tf.add(tf.sum(tf.mul(y, upstream)), tf.sum(tf.mul(sum, matrix(dsum)))) as tf.Scalar;

  describe.each([
    ['addLayerNorm', byOp, true],
    ['addRmsNorm', byRms, false],
    ['the kernel', byKernel, true],
  ] as const)('of %s', (_, f, center) => {
    const options = {cols, gamma, beta, epsilon, center};

    test('are those of finite differences', () => {
      const gradients = tf.tidy(() =>
        tf
          .grads((...inputs) => lossOf(f(...inputs), matrix(dy)))([
            matrix(x),
            matrix(residual),
            tf.tensor1d(gamma),
            tf.tensor1d(beta),
          ])
          .map((gradient) => gradient.dataSync()),
      );
      const loss = (changed: object, a: ArrayLike<number> = added) =>
        dot(reference.forward(a, {...options, ...changed}).y, dy) + dot(a, dsum);
      const dx = finiteDifferences((a) => loss({}, a), added);
      expectClose(gradients[0], dx, 2e-5);
      expectClose(gradients[1], dx, 2e-5);
      const dgamma = finiteDifferences((a) => loss({gamma: a}), gamma);
      const dbeta = finiteDifferences((a) => loss({beta: a}), beta);
      expectClose(gradients[2], dgamma, 2e-5);
      expectClose(gradients[3], dbeta, 2e-5);
    });

    test('have gradients, which are those of finite differences', () => {
      const [ddy, dx, dresidual, dgamma] = tf.tidy(() => {
        const loss = (...[up, a, b, g]: tf.Tensor[]) => {
          const first = tf.grads((...inputs) => lossOf(f(...inputs), up));
          const [da, db] = first([a, b, g, tf.tensor1d(beta)]);
          return tf.add(tf.sum(tf.mul(da, matrix(v))), tf.sum(tf.mul(db, matrix(w)))) as tf.Scalar;
        };
        return tf
          .grads(loss)([matrix(dy), matrix(x), matrix(residual), tf.tensor1d(gamma)])
          .map((gradient) => gradient.dataSync());
      });
      const loss = (changed: {dy?: Float64Array; x?: Float64Array; gamma?: Float64Array}) => {
        const changedOptions = {...options, gamma: changed.gamma ?? gamma};
        const first = reference.backward(changed.dy ?? dy, changed.x ?? added, changedOptions);
        const both = v.map((value, i) => value + w[i]);
        return dot(first.dx, both);
      };
      const ofX = finiteDifferences((a) => loss({x: a}), added);
      expectClose(dx, ofX, 5e-5);
      expectClose(dresidual, ofX, 5e-5);
      const ofDy = finiteDifferences((a) => loss({dy: a}), dy);
      const ofGamma = finiteDifferences((a) => loss({gamma: a}), gamma);
      expectClose(ddy, ofDy, 5e-5);
      expectClose(dgamma, ofGamma, 5e-5);
    });

    test('of one output alone, and of a tensor added to itself', () => {
      const [ofY, ofSum, twice] = tf.tidy(() => {
        const params = [tf.tensor1d(gamma), tf.tensor1d(beta)];
        const a = matrix(x);
        const ofOutput = (i: number, up: ArrayLike<number>) =>
          tf.grad((b: tf.Tensor) => f(b, matrix(residual), ...params)[i])(a, matrix(up));
        const twice = tf.grad((b: tf.Tensor) => f(b, b, ...params)[0])(a, matrix(dy));
        return [ofOutput(0, dy), ofOutput(1, dsum), twice].map((result) => result.dataSync());
      });
      const expected = reference.backward(dy, added, options);
      expectClose(ofY, expected.dx, 1e-5, cols);
      expectClose(ofSum, dsum, 0);
      const doubled = reference.backward(dy, sumOf(x, x), options).dx.map((value) => 2 * value);
      expectClose(twice, doubled, 1e-5, cols);
    });
  });
});

describe('kernels', () => {
  const names = (run: () => unknown) =>
    tf.tidy(() => kernelsOf(run)).filter((name) => !/^(Cast|Identity|Reshape)/.test(name));
  const hasOwn = kernelKind !== 'composed' && !/^webg/.test(backendName);

  test('forward they are one where the backend has it, else the addition and the normalisation', () => {
    // Large enough that no GPU's backend leaves them to the CPU.
    const x = () => tf.ones([64, 32]);
    const calls = names(() => addLayerNorm(x(), x(), {gamma: tf.ones([32])}));
    if (hasOwn) expect(calls).toEqual([AddLayerNorm]);
    else expect(calls.slice(0, 3)).toEqual([AddLayerNorm, 'Add', 'LayerNorm']);
  });

  test('no zeros are added for the gradient of a sum that nothing else uses', () => {
    const run = () =>
      tf.grad((a: tf.Tensor) => addLayerNorm(a, tf.ones([3, 8]))[0])(tf.ones([3, 8]));
    const calls = names(run);
    expect(calls.filter((name) => name === LayerNormGrad)).toHaveLength(1);
    const isLater = (name: string, i: number) => name === 'Add' && i > calls.indexOf(LayerNormGrad);
    if (kernelKind !== 'composed') expect(calls.filter(isLater)).toEqual([]);
  });
});

test.each<[string, (x: tf.Tensor) => tf.TensorContainer]>([
  ['a call', (x) => addLayerNorm(x, x)],
  ['a call over an axis that is moved', (x) => addRmsNorm(x, x, {axis: 0})],
  ['a gradient', (x) => tf.grad((v: tf.Tensor) => addLayerNorm(v, x)[0])(x)],
  [
    'a call that fails',
    (x) => {
      expect(() => addLayerNorm(x, x, {axis: 5})).toThrow('out of bounds');
      return [];
    },
  ],
])('%s leaves its outputs alone', (_, run) => {
  const x = tf.tensor2d(new Random(1).normal(24), [3, 8]);
  const used = () => {
    const {numTensors, numDataBuffers, numBytes} = tf.memory();
    return {numTensors, numDataBuffers, numBytes};
  };
  tf.dispose(run(x)); // registers composed kernels
  const before = used();
  tf.dispose(run(x));
  expect(used()).toEqual(before);
  x.dispose();
});
