/** Which kernel runs: the fused one of the backend, or the composed one where there is none. */

import {kernelReport, layerNorm, usesFusedKernel} from '../../../src/index.js';
import * as composedForward from '../../../src/kernels/composed/layer_norm.js';
import * as composedBackward from '../../../src/kernels/composed/layer_norm_grad.js';
import {LayerNorm, LayerNormGrad} from '../../../src/kernels/contract.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {backendName, kernelKind, tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {kernelsOf} from '../../support/kernels_of.js';

const [rows, cols] = [6, 45];
const random = new Random(21);
const [x, dy] = [random.normal(rows * cols), random.normal(rows * cols)];
const [gamma, beta] = [random.normal(cols), random.normal(cols)];

const isFused = kernelKind === 'fused';
const isComposed = kernelKind === 'composed';

test(`usesFusedKernel is ${isFused} of the backend under test`, () => {
  expect(tf.getBackend()).toBe(backendName);
  expect(usesFusedKernel()).toBe(isFused);
  expect(usesFusedKernel(backendName)).toBe(isFused);
});

test('kernelReport says of the backend under test which kernel serves, and why', () => {
  const report = kernelReport().find(({backend}) => backend === backendName);
  if (isFused) {
    expect(report).toEqual({backend: backendName, kernel: 'fused'});
  } else {
    expect(report?.kernel).toBe(isComposed ? 'composed' : 'cpu');
    expect(report?.reason).toMatch(/^\w.{10,}/);
  }
});

test('kernelReport sets no backend up', () => {
  const name = 'never-set-up';
  const factory = jest.fn(() => tf.backend());
  tf.registerBackend(name, factory, 0);
  const [reason, kernel] = ['there is no fused kernel for this backend', 'composed'];
  expect(kernelReport()).toContainEqual({backend: name, kernel, reason});
  expect(factory).not.toHaveBeenCalled();
  tf.engine().removeBackend(name);
});

test('usesFusedKernel is false of a backend that there is not', () => {
  expect(usesFusedKernel('no-such-backend')).toBe(false);
});

test(`the op is ${isComposed ? 'composed of kernels' : 'one kernel'} forward`, () => {
  tf.tidy(() => {
    const input = tf.tensor2d(x, [rows, cols]);
    const names = kernelsOf(() => layerNorm(input, {gamma: tf.tensor1d(gamma)}));
    const computing = names.filter((name) => !['Cast', 'Reshape', 'Identity'].includes(name));
    expect(computing[0]).toBe(LayerNorm);
    expect(computing.length > 1).toBe(isComposed); // a composed kernel calls others in turn
  });
});

// What need not be moved is not, and neighbouring dimensions are moved as one.
test.each([
  [[3, 4], -1, []],
  [[2, 3, 4], 2, []],
  [[2, 1, 4], [1, 2], ['Reshape gamma']],
  [[1, 3, 4], [0, 2], ['Reshape gamma']],
  [
    [2, 3, 4],
    [1, 2],
    ['Reshape gamma', 'Reshape', 'Reshape'],
  ],
  [[2, 3, 1], 1, ['Reshape', 'Reshape']],
  [[3, 4], 0, ['Reshape', 'Transpose 1,0', 'Reshape', 'Reshape', 'Transpose 1,0', 'Reshape']],
  [
    [2, 3, 4, 5],
    [0, 1],
    [
      'Reshape gamma',
      ...['Reshape', 'Transpose 1,0', 'Reshape'],
      ...['Reshape', 'Transpose 1,0', 'Reshape'],
    ],
  ],
] as const)('x %j over %j takes these calls around the kernel: %j', (shape, axis, calls) => {
  tf.tidy(() => {
    const input = tf.ones([...shape]);
    const gammaShape = [axis].flat().map((a) => shape.at(a) as number);
    const options = {axis, gamma: tf.ones(gammaShape)};
    const names = kernelsOf(() => layerNorm(input, options));
    // The composed kernels reshape as well.
    const isCounted = (name: string) =>
      (isComposed ? /^Transpose/ : /^(Cast|Reshape|Transpose)/).test(name);
    const expected = calls.map((call) => call.replace(' gamma', ''));
    expect(names.filter(isCounted).sort()).toEqual(expected.filter(isCounted).sort());
  });
});

test('the kernel is given float32 where x is int32', () => {
  tf.tidy(() => {
    const input = tf.ones([2, 3], 'int32');
    expect(kernelsOf(() => layerNorm(input))).toContain('Cast');
  });
});

/** What a kernel must save, [rows, 2]: (mean − x₀, rstd), or (0, rstd) without centring. */
function statsOf({mean, rstd}: {mean: Float64Array; rstd: Float64Array}, center: boolean) {
  return Array.from(rstd).flatMap((r, row) => [center ? mean[row] - x[row * cols] : 0, r]);
}

test.each([true, false])('the kernel saves (mean − x₀, rstd), centred: %s', (center) => {
  const attrs = {epsilon: 1e-3, center};
  layerNorm([[1, 2]]).dispose(); // registers the kernels of a backend that has none
  const stats = tf.tidy(() => {
    const inputs = {x: tf.tensor2d(x, [rows, cols]), gamma: tf.tensor1d(gamma)};
    return (tf.engine().runKernel(LayerNorm, inputs, attrs) as tf.Tensor[])[1].dataSync();
  });
  expectClose(stats, statsOf(reference.forward(x, {cols, ...attrs}), center), 5e-7, 2);
});

describe('the composed kernels, which serve backends without a kernel,', () => {
  for (const center of [true, false]) {
    test(`have the reference’s values and gradients, ${center ? '' : 'not '}centred`, () => {
      const attrs = {epsilon: 1e-3, center};
      const [y, stats, dx, dgamma, dbeta] = tf.tidy(() => {
        const inputs = {
          x: tf.tensor2d(x, [rows, cols]),
          gamma: tf.tensor1d(gamma),
          beta: tf.tensor1d(beta),
        };
        const forward = composedForward.layerNorm({inputs, attrs});
        const gradInputs = {
          ...inputs,
          dy: tf.tensor2d(dy, [rows, cols]),
          stats: forward[1],
        };
        const backward = composedBackward.layerNormGrad({
          inputs: gradInputs,
          attrs,
        });
        return [...forward, ...backward].map((t) => (t as tf.Tensor).dataSync());
      });
      const options = {cols, gamma, beta, ...attrs};
      const expected = {
        ...reference.forward(x, options),
        ...reference.backward(dy, x, options),
      };
      expectClose(y, expected.y, 2e-6, cols);
      expectClose(stats, statsOf(expected, center), 2e-6, 2);
      expectClose(dx, expected.dx, 1e-5, cols);
      expectClose(dgamma, expected.dgamma, 1e-5);
      expectClose(dbeta, expected.dbeta, 1e-5);
    });
  }

  test.each([
    ['1e30', 1e30, 1e-3],
    ['ordinary numbers without epsilon', 1, 0],
    ['1e-30 without epsilon', 1e-30, 0],
    ['constant rows without epsilon', 0, 0],
  ])('are exact for %s', (_, scale, epsilon) => {
    const values = x.map((v) => (scale === 0 ? 3 : v * scale));
    const attrs = {epsilon, center: true};
    const y = tf.tidy(() => {
      const inputs = {x: tf.tensor2d(values, [rows, cols])};
      return (composedForward.layerNorm({inputs, attrs})[0] as tf.Tensor).dataSync();
    });
    expectClose(y, reference.forward(values, {cols, ...attrs}).y, 2e-6, cols);
  });
});

describe('a backend without a kernel of its own', () => {
  // The backend under test under another name, without our kernels: as a third party's would be.
  const name = 'another-backend';
  // A backend of webgl's class is known by it, and gets webgl's kernels.
  const isKnown = backendName === 'webgl';
  const warnings: string[] = [];
  const warn = console.warn;

  beforeAll(() => {
    tf.registerBackend(name, tf.findBackendFactory(backendName), 0);
    for (const config of tf.getKernelsForBackend(backendName)) {
      if (config.kernelName === LayerNorm || config.kernelName === LayerNormGrad) continue;
      tf.registerKernel({...config, backendName: name});
    }
    console.warn = (text: string) => warnings.push(text);
  });

  afterAll(() => {
    console.warn = warn;
    tf.removeBackend(name);
  });

  test(`gets ${isKnown ? 'those of its class' : 'the composed kernels, with one notice'} and the same values`, async () => {
    const run = () =>
      tf.tidy(() => {
        const input = tf.tensor2d(x, [rows, cols]);
        const f = (v: tf.Tensor) => layerNorm(v, {gamma: Array.from(gamma), beta});
        const gradient = tf.grad(f)(input, tf.tensor2d(dy, [rows, cols]));
        return [f(input).dataSync(), gradient.dataSync()];
      });
    await tf.setBackend(name);
    const [y, dx] = run();
    run();
    expect(usesFusedKernel()).toBe(isKnown);
    expect(usesFusedKernel(backendName)).toBe(isFused);
    await tf.setBackend(backendName);

    const notice =
      "tfjs-layernorm: no fused kernel for the backend 'another-backend'; " +
      'composed tfjs ops serve instead: the same values, more slowly.';
    expect(warnings.filter((text) => text.includes('tfjs-layernorm'))).toEqual(
      isKnown ? [] : [notice],
    );
    const options = {cols, gamma, beta, epsilon: 1e-3, center: true};
    expectClose(y, reference.forward(x, options).y, 2e-6, cols);
    expectClose(dx, reference.backward(dy, x, options).dx, 1e-5, cols);
  });
});
