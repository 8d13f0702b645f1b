/** What only the WebGPU kernels can get wrong: shaders, dispatches, how rows are shared, memory. */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {layerNorm} from '../../../src/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {
  compareRows,
  DEFAULT_TOLERANCES,
  drawRows,
  optionsOf,
  readRows,
  runRows,
} from '../../support/rows.js';

const backend = () => tf.backend() as WebGPUBackend;

/** How many shaders of ours the backend has compiled. */
function shaders(): number {
  const {pipelineCache} = backend() as unknown as {pipelineCache: Record<string, unknown>};
  return Object.keys(pipelineCache).filter((key) => key.includes('layerNorm_')).length;
}

/** The workgroups of each dispatch of ours that `run` makes. */
function workgroupsOf(run: () => void): number[] {
  const spy = jest.spyOn(backend(), 'runWebGPUProgram');
  try {
    run();
    return spy.mock.calls
      .filter(([program]) => program.shaderKey.includes('layerNorm_'))
      .map(([{dispatch}]) => dispatch[0] * dispatch[1] * dispatch[2]);
  } finally {
    spy.mockRestore();
  }
}

/** The workgroups of each dispatch, forward and backward. */
function workgroupsFor(shape: number[]): [forward: number[], backward: number[]] {
  return tf.tidy(() => {
    const cols = shape[shape.length - 1];
    const [x, dy, gamma, beta] = [shape, shape, [cols], [cols]].map((s) => onGpu(tf.ones(s)));
    const f = (a: tf.Tensor) => layerNorm(a, {gamma, beta});
    const forward = workgroupsOf(() => f(x));
    const both = workgroupsOf(() => tf.grad(f)(x, dy));
    return [forward, both.slice(forward.length)];
  });
}

function onGpu(tensor: tf.Tensor): tf.Tensor {
  backend().uploadToGPU(tensor.dataId);
  return tensor;
}

type Given = Parameters<typeof drawRows>[1];

/** y and all gradients of random rows, on the GPU whatever their size. */
async function run(shape: number[], given?: Given) {
  const rows = drawRows(shape, {seed: tf.util.sizeFromShape(shape), ...given});
  return {rows, actual: await readRows(runRows(rows, {place: onGpu}))};
}

async function expectRight(shape: number[], given?: Given, tolerances = DEFAULT_TOLERANCES) {
  const {rows, actual} = await run(shape, given);
  compareRows(rows, actual, tolerances);
}

async function expectNoLeak(shape: number[]): Promise<void> {
  const inGpu = () => (tf.memory() as unknown as {numBytesInGPU: number}).numBytesInGPU;
  await expectRight(shape);
  const before = [inGpu(), tf.memory().numTensors];
  for (let i = 0; i < 5; i++) await expectRight(shape);
  expect([inGpu(), tf.memory().numTensors]).toEqual(before);
}

describe('the WebGPU kernels', () => {
  describe('share the rows: values and gradients of', () => {
    for (const shape of [
      [5, 1],
      [3, 2],
      [130, 7],
      [67, 8],
      [700, 12], // more rows than places
      [9, 63],
      [3, 5, 100],
      [33, 768],
      [3, 1023],
      [150, 260],
      [2, 8192], // the longest row that registers hold
      [2, 8196],
      [3, 8193], // not in units of four
      [70_000, 4],
    ]) {
      test(`[${shape}]`, () => expectRight(shape), 60_000);
    }

    for (const shape of [
      [67, 8],
      [2, 8196],
    ]) {
      test(`[${shape}], not centred`, () => expectRight(shape, {center: false}));
    }
  });

  describe('cut rows that registers cannot hold among workgroups:', () => {
    for (const shape of [
      [4, 262_144],
      [1, 100_000],
      [3, 40_000],
      [2, 65_537], // not in units of four
      [130, 2049], // more rows than places
    ]) {
      test(`values and gradients of [${shape}]`, () => expectRight(shape));
    }
    for (const shape of [
      [3, 40_000],
      [2, 8197], // not in units of four
    ]) {
      test(`of [${shape}], not centred`, () => expectRight(shape, {center: false}));
    }

    for (const [name, options] of Object.entries({
      '1e30': {mean: 0, deviation: 1e30},
      '1e-18': {mean: 0, deviation: 1e-18, epsilon: 0},
      'a large mean': {mean: 1e4},
    })) {
      test(`of ${name}`, () => expectRight([3, 20_000], options));
    }

    test('of rows that are constant but for their first number', () => {
      const [rows, cols] = [50, 10_001];
      const x = Float32Array.from(new Random(1).normal(rows * cols), (first, i) =>
        i % cols === 0 ? first : Math.floor(i / cols) / 7,
      );
      return expectRight([rows, cols], {x});
    });

    test('a constant row without epsilon gives 0', async () => {
      const y = tf.tidy(() => layerNorm(onGpu(tf.fill([2, 10_000], 0.1)), {epsilon: 0}));
      expect(new Set(await y.data())).toEqual(new Set([0]));
      y.dispose();
    });

    test('NaN and Infinity spoil their row alone, and two runs are equal to the bit', async () => {
      const [rows, cols] = [3, 40_000];
      const random = new Random(2);
      const [x, dy] = [random.normal(rows * cols), random.normal(rows * cols)];
      const rowsOf = (values: Float32Array) =>
        Array.from({length: rows}, (_, row) => values.slice(row * cols, (row + 1) * cols));
      const run = async (values: Float32Array) => {
        const results = tf.tidy(() => {
          const v = onGpu(tf.tensor(values, [rows, cols]));
          const dx = tf.grad((a: tf.Tensor) => layerNorm(a))(v, tf.tensor(dy, [rows, cols]));
          return [layerNorm(v), dx];
        });
        const [y, dx] = await Promise.all(results.map((tensor) => tensor.data()));
        tf.dispose(results);
        return [...rowsOf(y as Float32Array), ...rowsOf(dx as Float32Array)];
      };
      const clean = await run(x);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const values = x.slice();
        values[2 * cols - 1] = bad;
        const expected = clean.map((values, i) =>
          i % rows === 1 ? values.map(() => Number.NaN) : values,
        );
        expect(await run(values)).toEqual(expected);
      }
    });

    test('two dispatches forward, three backward, each with enough workgroups', () => {
      expect(workgroupsFor([2, 8192])).toEqual([[2], [2, 32]]);
      expect(workgroupsFor([2, 8196])).toEqual([
        [4, 4],
        [4, 4, 33],
      ]);
      expect(workgroupsFor([2, 131_072])).toEqual([
        [32, 32],
        [32, 32, 512],
      ]);
      // 128 rows at once, and not in units of four.
      expect(workgroupsFor([130, 2049])).toEqual([
        [260, 260],
        [260, 256, 33],
      ]);
    });

    test('another batch or length of the same width compiles no shader', async () => {
      await expectRight([3, 8200]);
      const before = shaders();
      await expectRight([1, 8200]);
      await expectRight([2, 3, 20_000]);
      expect(shaders()).toBe(before);
    });

    test('no buffer is left behind', () => expectNoLeak([2, 8196]));
  });

  test('one dispatch forward and two backward, and one more each for rows that are cut', () => {
    const counts = [
      [33, 256],
      [33, 8196],
    ].map((shape) => workgroupsFor(shape).map((dispatches) => dispatches.length));
    expect(counts).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  test('another batch, length or epsilon of the same width compiles no shader', async () => {
    await expectRight([7, 10, 96]);
    const before = shaders();
    expect(before).toBeGreaterThan(0);
    await expectRight([1, 96]);
    await expectRight([3, 25, 96], {epsilon: 0.5});
    expect(shaders()).toBe(before);
  });

  test('few small numbers that are not on the GPU stay on the CPU', () => {
    tf.tidy(() => {
      const [x, gamma] = [tf.tensor2d([[1, 3]]), tf.ones([2])];
      expect(workgroupsOf(() => layerNorm(x, {gamma}))).toHaveLength(0);
      onGpu(x);
      expect(workgroupsOf(() => layerNorm(x, {gamma}))).toHaveLength(1);
    });
  });

  test('no buffer is left behind', async () => {
    await expectNoLeak([64, 96]);
    await expectNoLeak([2, 8196]);
  });

  for (const shape of [
    [6, 300],
    [130, 9],
    [3, 8193],
  ]) {
    const mean = 1e7;
    const tolerances = {y: 5e-7, dx: 5e-7, dparams: 5e-7};
    test(`a mean of 1e7 costs [${shape}] no digit`, () =>
      expectRight(shape, {mean, deviation: 1}, tolerances));
  }

  // So few rows are not summed before they are added up with compensation.
  test('dβ keeps its digits where it is small beside what it is the sum of', async () => {
    const [rows, cols] = [100, 6];
    // The rows come in pairs, whose 1e4 and -1e4 cancel out.
    const dy = new Random(10)
      .normal(rows * cols)
      .map((v, i) => v + (Math.floor(i / cols) % 2 === 0 ? 1e4 : -1e4));
    const {rows: given, actual} = await run([rows, cols], {dy});
    expectClose(actual.dbeta, reference.backward(dy, given.x, optionsOf(given)).dbeta, 5e-7);
  });

  test('an infinite dy makes dβ infinite, not NaN', async () => {
    const [rows, cols] = [40, 6];
    const dy = new Random(11).normal(rows * cols);
    dy[2] = Number.POSITIVE_INFINITY;
    const {actual} = await run([rows, cols], {dy});
    expect(actual.dbeta[2]).toBe(Number.POSITIVE_INFINITY);
    expect([...actual.dbeta].filter(Number.isFinite)).toHaveLength(cols - 1);
  });

  test('dx of rows of one column is exactly 0, whatever γ and ε', async () => {
    for (const epsilon of [0, 1e-5, 1e-3]) {
      for (const rows of [8, 601]) {
        const {actual} = await run([rows, 1], {epsilon});
        expect(new Set([...actual.dx, ...actual.dgamma].map(Math.abs))).toEqual(new Set([0]));
      }
    }
  });

  test('constant rows without epsilon have an x̂ and a dx of exactly 0', async () => {
    for (const shape of [
      [8, 7],
      [600, 12],
      [2, 8193],
    ]) {
      const x = new Float32Array(tf.util.sizeFromShape(shape)).fill(0.1);
      const {rows, actual} = await run(shape, {x, epsilon: 0});
      expect(actual.y).toEqual(Float32Array.from(x, (_, i) => rows.beta[i % rows.beta.length]));
      expect(new Set([...actual.dx, ...actual.dgamma].map(Math.abs))).toEqual(new Set([0]));
    }
  });
});
