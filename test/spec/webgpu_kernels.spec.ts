/** What only the WebGPU kernels can get wrong: shaders, dispatches, how rows are shared, memory. */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {layerNorm, rmsNorm} from '../../src/index.js';
import * as reference from '../../src/reference.js';
import {backendName, tf} from '../backends/current.js';
import {expectClose} from '../support/close.js';
import {Random} from '../support/random.js';

const backend = () => tf.backend() as WebGPUBackend;

/** How many shaders of ours the backend has compiled. */
function shaders(): number {
  const {pipelineCache} = backend() as unknown as {pipelineCache: Record<string, unknown>};
  return Object.keys(pipelineCache).filter((key) => key.includes('layerNorm_')).length;
}

/** The dispatches of ours that `run` makes. */
function dispatchesOf(run: () => void): number {
  const spy = jest.spyOn(backend(), 'runWebGPUProgram');
  try {
    run();
    return spy.mock.calls.filter(([program]) => program.shaderKey.includes('layerNorm_')).length;
  } finally {
    spy.mockRestore();
  }
}

function onGpu(tensor: tf.Tensor): tf.Tensor {
  backend().uploadToGPU(tensor.dataId);
  return tensor;
}

/** y and all gradients of random numbers, on the GPU whatever their size, and what they should be. */
async function expectRight(shape: number[], {epsilon = 1e-3, center = true, mean = 0.5} = {}) {
  const cols = shape[shape.length - 1];
  const size = tf.util.sizeFromShape(shape);
  const random = new Random(size);
  const [x, dy] = [random.normal(size, mean, 2), random.normal(size)];
  const [gamma, beta] = [random.normal(cols), random.normal(cols)];
  const results = tf.tidy(() => {
    const inputs = [tf.tensor(x, shape), tf.tensor1d(gamma), tf.tensor1d(beta)].map(onGpu);
    const f = (...[a, b, c]: tf.Tensor[]) =>
      center
        ? layerNorm(a, {gamma: b, beta: c, epsilon})
        : tf.add(rmsNorm(a, {gamma: b, epsilon}), c);
    return [f(...inputs), ...tf.grads(f)(inputs, onGpu(tf.tensor(dy, shape)))];
  });
  const [y, dx, dgamma, dbeta] = await Promise.all(results.map((tensor) => tensor.data()));
  tf.dispose(results);
  const options = {cols, gamma, beta, epsilon, center};
  const expected = {...reference.forward(x, options), ...reference.backward(dy, x, options)};
  const growth = Math.sqrt(Math.max(1, size / cols / 1000)); // of a sum's error with its length
  expectClose(y, expected.y, 2e-6, cols);
  const scale = largestTerm(dy, gamma, expected.rstd);
  expectClose([...dx, scale], [...expected.dx, scale], 1e-5);
  expectClose(dgamma, expected.dgamma, 1e-5 * growth);
  expectClose(dbeta, expected.dbeta, 1e-5 * growth);
}

/**
 * The largest rstd·|γ·dy|, the terms of which dx is the difference: a row of two columns has a dx
 * that is nearly 0 beside them, and float32 can be exact only beside the terms.
 */
function largestTerm(dy: Float32Array, gamma: Float32Array, rstd: Float64Array): number {
  const cols = gamma.length;
  return dy.reduce(
    (largest, v, i) =>
      Math.max(largest, Math.abs(rstd[Math.floor(i / cols)] * gamma[i % cols] * v)),
    0,
  );
}

(backendName === 'webgpu' ? describe : describe.skip)('the WebGPU kernels', () => {
  /** Has the kernels share the rows as they do on a GPU, or as on a renderer in software. */
  function actAs(isFallbackAdapter: boolean): void {
    const {device} = backend() as unknown as {device: GPUDevice};
    const value = {...device.adapterInfo, isFallbackAdapter};
    Object.defineProperty(device, 'adapterInfo', {value, configurable: true});
  }

  for (const [place, isFallbackAdapter] of [
    ['on a GPU', false],
    ['in software', true],
  ] as const) {
    describe(`share the rows as ${place}: values and gradients of`, () => {
      beforeAll(() => actAs(isFallbackAdapter));
      afterAll(() => actAs(true));

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
        [150, 256], // the longest row that registers hold in software
        [150, 260],
        [2, 8192], // and on a GPU
        [2, 8196],
        [3, 8193], // not in units of four
        [4, 262_144],
        [262_144, 4],
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
  }

  test('one dispatch forward, two backward, three for rows that registers cannot hold', () => {
    tf.tidy(() => {
      const counts = [
        [33, 256],
        [33, 8196],
      ].map((shape) => {
        const [x, dy] = [onGpu(tf.ones(shape)), onGpu(tf.ones(shape))];
        return [
          dispatchesOf(() => layerNorm(x)),
          dispatchesOf(() => tf.grad((a: tf.Tensor) => layerNorm(a))(x, dy)),
        ];
      });
      expect(counts).toEqual([
        [1, 3], // the forward's one, then two
        [1, 4],
      ]);
    });
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
      expect(dispatchesOf(() => layerNorm(x, {gamma}))).toBe(0);
      onGpu(x);
      expect(dispatchesOf(() => layerNorm(x, {gamma}))).toBe(1);
    });
  });

  test('no buffer is left behind', async () => {
    const inGpu = () => (tf.memory() as unknown as {numBytesInGPU: number}).numBytesInGPU;
    const once = async () => {
      await expectRight([64, 96]);
      await expectRight([2, 8196]);
    };
    await once();
    const before = [inGpu(), tf.memory().numTensors];
    for (let i = 0; i < 5; i++) await once();
    expect([inGpu(), tf.memory().numTensors]).toEqual(before);
  });

  test('a large mean costs no digits', () => expectRight([6, 300], {mean: 1e4}));
});
