/**
 * What only the Node backend's ops can get wrong: called as TensorFlow calls them, past the checks
 * of our own op, they give the right numbers or an error of JavaScript that says what was wrong.
 */
import type {NodeJSKernelBackend} from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import fc from 'fast-check';
import {layerNorm, usesFusedKernel} from '../../../src/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {drawRows, expectRows, runRows} from '../../support/rows.js';

/** The addon itself: which of its row kernels serve. */
const addon: {instructionSet(): string; setInstructionSet(name: string): boolean} =
  require('../../../addon/index.cjs');

type Attrs = Record<string, number | boolean>;

const ops = {
  forward: {name: 'TfjsLayerNorm', outputs: 2},
  backward: {name: 'TfjsLayerNormGrad', outputs: 3},
  adding: {name: 'TfjsAddLayerNorm', outputs: 3},
};
const forwardAttrs = {epsilon: 1e-3, center: true, scale: true, offset: true};
const backwardAttrs = {epsilon: 1e-3, center: true, scale: true};

function run(op: keyof typeof ops, inputs: tf.Tensor[], attrs: Attrs): tf.Tensor[] {
  const backend = tf.backend() as unknown as NodeJSKernelBackend;
  const {TF_ATTR_BOOL, TF_ATTR_FLOAT} = backend.binding;
  const opAttrs = Object.entries(attrs).map(([name, value]) => ({
    name,
    type: typeof value === 'boolean' ? TF_ATTR_BOOL : TF_ATTR_FLOAT,
    value,
  }));
  return backend.executeMultipleOutputs(ops[op].name, opAttrs, inputs, ops[op].outputs);
}

const dims = (minLength: number) =>
  fc.array(fc.integer({min: 0, max: 9}), {minLength, maxLength: 4});
const long = fc.tuple(fc.integer({min: 1, max: 18}), fc.integer({min: 4090, max: 8200}));
const seed = 4;
const random = new Random(seed);
const randomTensor = (shape: number[]) =>
  tf.tensor(random.normal(tf.util.sizeFromShape(shape)), shape, 'float32');

/**
 * Absolute, since sums of numbers about 1 may come out near 0; with a row's rstd up to 31. How exact
 * the kernels are is for numerics.spec.ts to tell.
 */
function expectNear(actual: Float32Array, expected: Float64Array, tolerance: number): void {
  const error = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[i])), 0);
  expect(error).toBeLessThan(tolerance);
}

const rowsOf = (shape: number[]) => tf.util.sizeFromShape(shape.slice(0, -1));
const list = (shape: number[]) => `[${shape.join(', ')}]`;

describe('the ops of the addon', () => {
  beforeAll(() => {
    expect(usesFusedKernel()).toBe(true);
  });

  test('are found again from a fresh module registry', async () => {
    await jest.isolateModulesAsync(async () => {
      const again = await import('../../../src/index.js');
      expect(again.layerNorm).not.toBe(layerNorm);
      expect(again.usesFusedKernel()).toBe(true);
      const y = again.layerNorm([[1, 3]], {epsilon: 0});
      expect(Array.from(y.dataSync())).toEqual([-1, 1]);
      y.dispose();
    });
  });

  test('are left alone by tfjs-node-gpu, whose tensors stay on the GPU: composed ops serve', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    await jest.isolateModulesAsync(async () => {
      const {kernelConfig} = await import('../../../src/kernels/register.js');
      const {tensorflow} = await import('../../../src/kernels/tensorflow/index.js');
      const {kernelFunc} = kernelConfig('LayerNorm', 'tensorflow', tensorflow);
      const backend = Object.create(tf.backend(), {isGPUPackage: {value: true}});
      const execute = jest.spyOn(backend, 'executeMultipleOutputs');
      const read = jest.spyOn(backend, 'readSync');
      tf.tidy(() => {
        const inputs = {x: tf.tensor2d([[1, 3]])};
        const outputs = kernelFunc({inputs, attrs: {epsilon: 0, center: true}, backend});
        const [y] = outputs as tf.TensorInfo[] as tf.Tensor[];
        expect(Array.from(y.dataSync())).toEqual([-1, 1]);
      });
      expect(execute).not.toHaveBeenCalled();
      expect(read).not.toHaveBeenCalled();
    });
    expect(warn).toHaveBeenCalledWith(
      "tfjs-layernorm: no fused kernel for the backend 'tensorflow' (its tensors are on the GPU); " +
        'composed tfjs ops serve instead: the same values, more slowly.',
    );
    warn.mockRestore();
  });

  test('are right for any shape, also an empty one, with gamma and beta or without', () => {
    const check = (
      shape: number[],
      [scale, offset, center]: boolean[],
      absent: number[], // the shape of what stands in the place of an absent input
    ) => {
      const cols = shape[shape.length - 1];
      const x = randomTensor(shape);
      const dy = randomTensor(shape);
      const gamma = randomTensor(scale ? [cols] : absent);
      const beta = randomTensor(offset ? [cols] : absent);
      const common = {epsilon: 1e-3, center, scale};
      const [y, stats] = run('forward', [x, gamma, beta], {...common, offset});
      const [dx, dgamma, dbeta] = run('backward', [dy, x, stats, gamma], common);
      const added = run('adding', [x, dy, gamma, beta], {...common, offset});
      const apart = run('forward', [tf.add(x, dy), gamma, beta], {...common, offset});
      for (const [i, tensor] of [...apart, tf.add(x, dy)].entries()) {
        expect(added[i].shape).toEqual(tensor.shape);
        expect(added[i].dataSync()).toEqual(tensor.dataSync());
      }
      expect([y.shape, stats.shape]).toEqual([shape, [rowsOf(shape), 2]]);
      expect([dx.shape, dgamma.shape, dbeta.shape]).toEqual([shape, [cols], [cols]]);
      if (x.size === 0) {
        for (const tensor of [stats, dgamma, dbeta]) {
          expect(tensor.dataSync().every((value) => value === 0)).toBe(true);
        }
        return;
      }
      const values = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;
      const options = {cols, gamma: scale ? values(gamma) : undefined, epsilon: 1e-3, center};
      const expected = reference.backward(values(dy), values(x), options);
      const beta_ = offset ? values(beta) : undefined;
      const expectedY = reference.forward(values(x), {...options, beta: beta_}).y;
      expectNear(values(y), expectedY, 3e-5);
      expectNear(values(dx), expected.dx, 1e-3);
      expectNear(values(dgamma), expected.dgamma, 1e-3);
      expectNear(values(dbeta), expected.dbeta, 1e-3);
    };
    const flags = fc.array(fc.boolean(), {minLength: 3, maxLength: 3});
    const tidied = (...args: Parameters<typeof check>) => tf.tidy(() => check(...args));
    fc.assert(fc.property(dims(1), flags, dims(0), tidied), {numRuns: 150, seed});
    fc.assert(fc.property(long, flags, dims(0), tidied), {numRuns: 6, seed});
  });

  test('say which shape is wrong, whatever the shapes are', () => {
    const forward = (x: number[], gamma: number[], beta: number[]) => {
      const inputs = [x, gamma, beta].map(randomTensor);
      const expected = list(x.slice(-1));
      const wrong = [gamma, beta].findIndex((shape) => list(shape) !== expected);
      const call = () => run('forward', inputs, forwardAttrs);
      if (x.length === 0) {
        expect(call).toThrow('TfjsLayerNorm: x must have at least one dimension, but is a scalar');
      } else if (wrong >= 0) {
        const actual = list([gamma, beta][wrong]);
        const name = ['gamma', 'beta'][wrong];
        expect(call).toThrow(
          `TfjsLayerNorm: ${name} must have the shape ${expected}, but has ${actual}`,
        );
      } else {
        expect(call()[0].shape).toEqual(x);
      }
    };
    const backward = (...shapes: number[][]) => {
      const [dy, x, stats, gamma] = shapes;
      const inputs = shapes.map(randomTensor);
      const call = () => run('backward', inputs, backwardAttrs);
      if (x.length === 0) {
        expect(call).toThrow('TfjsLayerNormGrad: x must have at least one dimension');
        return;
      }
      const expected = [x, [rowsOf(x), 2], x.slice(-1)].map(list);
      const actual = [dy, stats, gamma].map(list);
      const wrong = actual.findIndex((shape, i) => shape !== expected[i]);
      if (wrong < 0) {
        expect(call()[0].shape).toEqual(x);
      } else {
        expect(call).toThrow(
          `TfjsLayerNormGrad: ${['dy', 'stats', 'gamma'][wrong]} must have the shape ` +
            `${expected[wrong]}, but has ${actual[wrong]}`,
        );
      }
    };
    const few = fc.array(fc.integer({min: 0, max: 2}), {maxLength: 3});
    fc.assert(
      fc.property(few, few, few, (...args) => tf.tidy(() => forward(...args))),
      {numRuns: 300, seed},
    );
    fc.assert(
      fc.property(few, few, few, few, (...args) => tf.tidy(() => backward(...args))),
      {numRuns: 300, seed},
    );
  });

  test.each<[string, (x: tf.Tensor, gamma: tf.Tensor) => unknown, RegExp]>([
    [
      'int32',
      (x, gamma) => run('forward', [tf.cast(x, 'int32'), gamma, gamma], forwardAttrs),
      /input #0.* expected to be a float tensor but is a int32 tensor/,
    ],
    [
      'bool',
      (x, gamma) => run('forward', [x, tf.cast(gamma, 'bool'), gamma], forwardAttrs),
      /input #1.* expected to be a float tensor but is a bool tensor/,
    ],
    [
      'strings',
      (x, gamma) => run('backward', [x, x, tf.tensor(['a']), gamma], backwardAttrs),
      /input #2.* expected to be a float tensor but is a string tensor/,
    ],
    ['an input missing', (x, gamma) => run('forward', [x, gamma], forwardAttrs), /3 inputs, got 2/],
    [
      'a residual of another shape',
      (x, gamma) => run('adding', [x, gamma, gamma, gamma], forwardAttrs),
      /TfjsAddLayerNorm: residual must have the shape \[2, 3\], but has \[3\]$/,
    ],
    [
      'an attribute missing',
      (x, gamma) => run('forward', [x, gamma, gamma], {center: true, scale: true, offset: true}),
      /missing attr 'epsilon'/,
    ],
    [
      'an attribute of another type',
      (x, gamma) => run('forward', [x, gamma, gamma], {...forwardAttrs, epsilon: true}),
      /type 'bool' when 'float' expected\s+for attr 'epsilon'/,
    ],
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY].map(
      (epsilon): [string, (x: tf.Tensor, gamma: tf.Tensor) => unknown, RegExp] => [
        `epsilon ${epsilon}`,
        (x, gamma) => run('forward', [x, gamma, gamma], {...forwardAttrs, epsilon}),
        /TfjsLayerNorm: epsilon must be a finite number ≥ 0, but is (-1|nan|inf)$/,
      ],
    ),
  ])('an error says what is wrong: %s', (_, call, message) => {
    tf.tidy(() => {
      const [x, gamma] = [tf.ones([2, 3]), tf.ones([3])];
      // Twice: TensorFlow caches kernels, and must not cache a broken one.
      expect(() => call(x, gamma)).toThrow(message);
      expect(() => call(x, gamma)).toThrow(message);
      expect(run('forward', [x, gamma, gamma], forwardAttrs)[0].shape).toEqual([2, 3]);
    });
  });

  test.each(['portable', 'avx2', 'avx512'])('the vectors of %s lose no digit', async (name) => {
    const usual = addon.instructionSet();
    const isThere = addon.setInstructionSet(name); // the portable ones are, on every processor
    try {
      if (!isThere) expect(name).not.toBe('portable');
      if (!isThere) return;
      const x = Float32Array.from({length: 8192}, (_, i) => (i % 2 ? -1 : 1) * (1 + 2 ** -18));
      const rows = drawRows([1, x.length], {x});
      await expectRows(rows, runRows(rows), {y: 5e-7, dx: 5e-7, dparams: 5e-7});
    } finally {
      addon.setInstructionSet(usual);
    }
  });

  // Empty, but with outputs of more bytes than TensorFlow can count without ending the process.
  test.each<[string, number[], 'forward' | 'backward', string]>([
    ['rows', [2 ** 62, 0], 'forward', 'TfjsLayerNorm'],
    ['columns', [0, 2 ** 62], 'backward', 'TfjsLayerNormGrad'],
  ])('2^62 %s are an error', (_, shape, op, name) => {
    tf.tidy(() => {
      const [x, none] = [tf.zeros(shape), tf.zeros([0, 2])];
      const call = {
        forward: () => run('forward', [x, x, x], {...forwardAttrs, scale: false, offset: false}),
        backward: () => run('backward', [x, x, none, x], {...backwardAttrs, scale: false}),
      };
      expect(call[op]).toThrow(`${name}: an output would be larger than 2^63 bytes`);
    });
  });
});
