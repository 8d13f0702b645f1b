/** What only the WebGL kernels can get wrong: shaders, textures, draw calls and their memory. */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import {kernelReport, layerNorm, layerNormalization, usesFusedKernel} from '../../../src/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {setUpBackendAnew, tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {
  compareRows,
  DEFAULT_TOLERANCES,
  drawRows,
  optionsOf,
  type Rows,
  readRows,
  runRows,
} from '../../support/rows.js';

interface Texels {
  isPacked: boolean;
}

const backend = () => tf.backend() as MathBackendWebGL;

/** How many shaders of ours the backend has; tfjs's own, for uploads and downloads, not counted. */
function shaders(): number {
  const {binaryCache} = backend() as unknown as {binaryCache: Record<string, unknown>};
  return Object.keys(binaryCache).filter((key) => key.startsWith('LayerNormProgram')).length;
}

function loseContext(): void {
  const {gl} = backend().gpgpu;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  expect(gl.isContextLost()).toBe(true);
}

function drawsOf(run: () => void): number {
  const {gl} = backend().gpgpu;
  const spy = jest.spyOn(gl, 'drawElements');
  try {
    run();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}

function onGpu(tensor: tf.Tensor): tf.Tensor {
  backend().uploadToGPU(tensor.dataId);
  return tensor;
}

/** Puts x into a packed or an unpacked texture. */
function texture(tensor: tf.Tensor, isPacked: boolean): tf.Tensor {
  const data = backend().texData.get(tensor.dataId) as unknown as Texels;
  data.isPacked = isPacked;
  return onGpu(tensor);
}

interface Given extends Partial<Rows> {
  isPacked?: boolean;
}

/** y and all gradients of random rows that lie in textures. */
async function run(shape: number[], {isPacked = true, ...given}: Given = {}) {
  const rows = drawRows(shape, {seed: tf.util.sizeFromShape(shape), ...given});
  const place = (tensor: tf.Tensor) => texture(tensor, isPacked);
  return {rows, actual: await readRows(runRows(rows, {place}))};
}

async function expectRight(shape: number[], given?: Given, tolerances = DEFAULT_TOLERANCES) {
  const {rows, actual} = await run(shape, given);
  compareRows(rows, actual, tolerances);
}

/** Runs with one of tfjs's flags set. */
async function withFlag(name: string, value: boolean | number, body: () => unknown) {
  const before = tf.env().get(name);
  tf.env().set(name, value);
  try {
    await body();
  } finally {
    tf.env().set(name, before);
  }
}

describe('shaders', () => {
  test('a new length, batch or epsilon compiles none', async () => {
    const cols = 96;
    await run([4, 10, cols]);
    const before = shaders();
    expect(before).toBeGreaterThan(0);
    for (const shape of [
      [1, 10, cols],
      [7, 11, cols],
      [3, 34, cols],
      [1, 1, cols],
      [20, cols],
    ]) {
      await expectRight(shape, {epsilon: shape[0] * 1e-3});
    }
    expect(shaders()).toBe(before);
  });
});

describe('draw calls', () => {
  for (const [shape, forward, backward] of [
    [[64, 96], 2, 4],
    [[600, 96], 2, 5],
    [[32, 128, 256], 2, 5],
    [[4, 8192], 3, 5], // few long rows: their chunks are combined by one more
  ] as const) {
    test(`[${shape}]: ${forward} forward, ${backward} backward`, () => {
      tf.tidy(() => {
        const random = new Random(3);
        const tensor = () => {
          const values = random.normal(tf.util.sizeFromShape([...shape]));
          return texture(tf.tensor(values, [...shape]), true);
        };
        const [x, dy] = [tensor(), tensor()];
        const gamma = texture(tf.tensor1d(random.normal(shape[shape.length - 1])), true);
        const f = (a: tf.Tensor, b: tf.Tensor) => layerNorm(a, {gamma: b});
        f(x, gamma);
        expect(drawsOf(() => f(x, gamma))).toBe(forward);
        const both = drawsOf(() => tf.grads(f)([x, gamma], dy));
        expect(both).toBeLessThanOrEqual(forward + backward);
      });
    });
  }

  test('with many rows γ and β become one texture first', () => {
    tf.tidy(() => {
      const params = () => texture(tf.ones([96]), true);
      const [gamma, beta] = [params(), params()];
      const forward = (rows: number) => {
        const x = texture(tf.ones([rows, 96]), true);
        return drawsOf(() => layerNorm(x, {gamma, beta}));
      };
      expect([forward(64), forward(600)]).toEqual([2, 3]);
    });
  });
});

describe('textures', () => {
  for (const isPacked of [true, false]) {
    const name = isPacked ? 'packed' : 'unpacked';
    for (const shape of [
      [9, 65],
      [3, 5, 130],
      [2, 3, 5, 33],
      [1, 300],
      [257, 1],
    ]) {
      test(`${name} inputs [${shape}]`, () => expectRight(shape, {isPacked}));
    }
  }

  test('more rows, and more columns, than a texture is high and wide', () =>
    // tfjs reads the limit anew for each texture.
    withFlag('WEBGL_MAX_TEXTURE_SIZE', 64, async () => {
      for (const shape of [
        [301, 9],
        [5, 7, 20],
        [3, 701],
        [100, 150],
        [70, 3, 5],
      ]) {
        await expectRight(shape);
      }
    }));

  test('narrow textures made square', () =>
    withFlag('WEBGL_MAX_SIZE_FOR_NARROW_TEXTURE', 16, async () => {
      for (const shape of [
        [301, 2],
        [2, 701],
        [301, 40],
      ]) {
        await expectRight(shape);
      }
    }));

  test('WEBGL_PACK off', () =>
    withFlag('WEBGL_PACK', false, () =>
      withFlag('WEBGL_LAZILY_UNPACK', false, async () => {
        for (const shape of [
          [9, 65],
          [3, 5, 130],
        ]) {
          await expectRight(shape, {isPacked: false});
        }
      }),
    ));

  test('a slice that shares its texture, and inputs of one kernel that are views of each other', () => {
    const [rows, cols] = [6, 70];
    const values = new Random(4).normal(2 * rows * cols);
    const y = tf.tidy(() => {
      const whole = texture(tf.tensor2d(values, [2 * rows, cols]), false);
      const part = tf.slice(whole, [rows, 0], [rows, cols]);
      return layerNorm(part, {beta: tf.ones([cols])}).dataSync();
    });
    const options = {cols, beta: new Float32Array(cols).fill(1), epsilon: 1e-3, center: true};
    expectClose(y, reference.forward(values.slice(rows * cols), options).y, 2e-6, cols);
  });

  test('[4, 262144] and [262144, 4]', async () => {
    await expectRight([4, 262_144]);
    await expectRight([262_144, 4]);
  });
});

describe('digits', () => {
  const exact = {y: 5e-7, dx: 5e-7, dparams: 5e-7};

  const shapes = [
    [3, 9],
    [16, 768],
    [600, 100], // many rows: dγ and dβ are summed in chunks
    [3, 5, 301], // odd rows and columns
    [4, 8192], // few long rows: they are cut into chunks
  ];

  test('none is lost to a mean of 1e7', async () => {
    for (const shape of shapes) {
      const x = new Random(8).normal(tf.util.sizeFromShape(shape), 1e7, 1);
      await expectRight(shape, {x}, exact);
    }
  });

  // x − x₀ is rounded to 1/16 then; dx, where x̂ is the largest, is the difference of like numbers.
  test('few are lost to a first number far from the others', async () => {
    for (const shape of shapes) {
      const cols = shape[shape.length - 1];
      const x = new Random(9).normal(tf.util.sizeFromShape(shape), 0.3, 2);
      const given = {x: x.map((v, i) => (i % cols === 0 ? 1e6 : v))};
      await expectRight(shape, given, {...exact, dx: 1e-6});
    }
  });

  test('dβ keeps its own where it is small beside what it is the sum of', async () => {
    for (const rows of [100, 1000]) {
      const cols = 6;
      // The rows come in pairs, whose 1e4 and -1e4 cancel out.
      const dy = new Random(10)
        .normal(rows * cols)
        .map((v, i) => v + (Math.floor(i / cols) % 2 === 0 ? 1e4 : -1e4));
      const {rows: given, actual} = await run([rows, cols], {dy});
      expectClose(actual.dbeta, reference.backward(dy, given.x, optionsOf(given)).dbeta, 5e-7);
    }
  });

  test('an infinite dy makes dβ infinite, not NaN', async () => {
    const [rows, cols] = [40, 6];
    const dy = new Random(11).normal(rows * cols);
    dy[2] = Number.POSITIVE_INFINITY;
    const {actual} = await run([rows, cols], {dy});
    expect(actual.dbeta[2]).toBe(Number.POSITIVE_INFINITY);
    expect([...actual.dbeta].filter(Number.isFinite)).toHaveLength(cols - 1);
  });
});

describe('exactly 0', () => {
  test('is dx of rows of one column, whatever γ and ε', async () => {
    for (const epsilon of [0, 1e-5, 1e-3]) {
      for (const rows of [8, 33, 601]) {
        const {actual} = await run([rows, 1], {epsilon});
        expect([...new Set(actual.dx)].map(Math.abs)).toEqual([0]);
        expect(Math.abs(actual.dgamma[0])).toBe(0);
      }
    }
  });

  test('is x̂ of constant rows, and dx too where ε is 0', async () => {
    for (const shape of [
      [8, 7],
      [600, 12],
      [2, 8193],
    ]) {
      const x = new Float32Array(tf.util.sizeFromShape(shape)).fill(0.1);
      const {rows, actual} = await run(shape, {x, epsilon: 0});
      expect(actual.y).toEqual(Float32Array.from(x, (_, i) => rows.beta[i % rows.beta.length]));
      expect(new Set(actual.dx.map(Math.abs))).toEqual(new Set([0]));
      expect(new Set(actual.dgamma.map(Math.abs))).toEqual(new Set([0]));
      await expectRight(shape, {x}, {...DEFAULT_TOLERANCES, dx: 5e-7});
    }
  });
});

/**
 * Whether the driver cuts off the digits that 16 bits do not hold, as Mesa's does; OpenGL allows either
 * that or rounding. Of the 11 bits that are kept, rounding errs by at most half of the last one, cutting
 * by up to the whole of it: by twice as much. It is measured: 1 + 3/4 of a last bit is rounded up, or cut to 1.
 */
function cutsDigits(): boolean {
  const [one, part] = [tf.scalar(1), tf.scalar(0.75 * 2 ** -10)].map((t) => texture(t, false));
  return tf.add(one, part).dataSync()[0] === 1;
}

describe('16-bit textures', () => {
  test('are right within what 11 bits of precision allow', () =>
    // What WEBGL_FORCE_F16_TEXTURES turns off, which tfjs reads only at its start.
    withFlag('WEBGL_RENDER_FLOAT32_ENABLED', false, async () => {
      for (const shape of [
        [9, 65],
        [600, 96],
        [2, 8192],
      ]) {
        // Half of the last bit is 2^-11 = 4.9e-4 of a number, and x, its statistics, y and what they add
        // up to are each stored once.
        const unit = cutsDigits() ? 2 : 1;
        await expectRight(shape, {}, {y: unit * 2e-3, dx: unit * 4e-3, dparams: unit * 4e-3});
      }
    }));
});

describe('a lost context', () => {
  test('leaves nothing of ours behind that would hinder the backend set up anew', async () => {
    await expectRight([9, 65]);
    loseContext();
    await setUpBackendAnew();
    for (const shape of [
      [9, 65],
      [600, 96],
    ]) {
      await expectRight(shape);
    }
  });

  // Without us tfjs goes on, and fit never ends: it waits for a fence that no context will pass.
  test('in the middle of fit is an error, and a backend set up anew trains again', async () => {
    const train = async (onBatchEnd: (batch: number) => void) => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({units: 64, inputShape: [64]}),
          layerNormalization(),
          tf.layers.dense({units: 1}),
        ],
      });
      model.compile({optimizer: 'adam', loss: 'meanSquaredError'});
      const random = new Random(7);
      const x = tf.tensor2d(random.normal(64 * 64), [64, 64]);
      const callbacks = {onBatchEnd: async (batch: number) => onBatchEnd(batch)};
      return model.fit(x, tf.ones([64, 1]), {batchSize: 16, epochs: 2, verbose: 0, callbacks});
    };
    try {
      await expect(train((batch) => batch === 1 && loseContext())).rejects.toThrow(
        "tfjs-layernorm: the backend 'webgl' has lost its context",
      );
    } finally {
      await setUpBackendAnew();
    }
    const [first, last] = (await train(() => {})).history.loss as number[];
    expect(last).toBeLessThan(first);
  });
});

/**
 * WebGL 1 is not supported in WebKit: of a texture that tfjs packs, as it does for most of its ops,
 * 11 bits are left there, so that nothing composed of them can be exact. A page gets WebGL 2 anyway.
 */
const isWebKit = /AppleWebKit/.test(navigator.userAgent) && !/Chrome/.test(navigator.userAgent);

describe('WebGL 1', () => {
  const factory = tf.findBackendFactory('webgl');
  const setUpAnew = async (version: number) => {
    tf.removeBackend('webgl');
    tf.env().set('WEBGL_VERSION', version);
    // tfjs has found out already that WebGL 2 can do these.
    tf.env().set('WEBGL_BUFFER_SUPPORTED', version === 2);
    tf.env().set('WEBGL_FENCE_API_ENABLED', version === 2);
    tf.registerBackend('webgl', factory);
    await tf.setBackend('webgl');
  };

  beforeEach(() => setUpAnew(1));

  afterEach(() => setUpAnew(2));

  test('gets the composed kernels, with one notice', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      expect(usesFusedKernel()).toBe(false);
      const [reason, kernel] = ['it runs on WebGL 1', 'composed'];
      expect(kernelReport()).toContainEqual({backend: 'webgl', kernel, reason});
      await run([9, 65], {isPacked: false});
      await run([9, 65], {isPacked: false});
      const notices = warn.mock.calls.filter(([text]) => `${text}`.includes('tfjs-layernorm'));
      const words = /\(it runs on WebGL 1\).*: values as exact as those of tfjs's other ops/;
      expect(notices).toEqual([[expect.stringMatching(words)]]);
    } finally {
      warn.mockRestore();
    }
    await setUpAnew(2);
    expect(usesFusedKernel()).toBe(true);
    await expectRight([9, 65]);
  });

  if (isWebKit) {
    test('has too few digits in WebKit: x · 1, an op of tfjs, is not x there', () => {
      const values = new Random(12).normal(9 * 65);
      const product = tf.tidy(() => {
        const x = texture(tf.tensor2d(values, [9, 65]), false);
        return tf.mul(x, 1).dataSync();
      });
      expectClose(product, values, 2 ** -10);
      expect(product).not.toEqual(values);
    });
  } else {
    test('gives the same values', () => expectRight([9, 65], {isPacked: false}));
  }
});

test('a subclass under another name, as React Native has it, gets the same kernels', async () => {
  const name = 'of-webgl';
  class OfWebgl extends (backend().constructor as typeof MathBackendWebGL) {}
  tf.registerBackend(name, () => new OfWebgl());
  for (const config of tf.getKernelsForBackend('webgl')) {
    const isOurs = config.kernelName.includes('LayerNorm');
    if (!isOurs) tf.registerKernel({...config, backendName: name});
  }
  const warn = jest.spyOn(console, 'warn');
  await tf.setBackend(name);
  try {
    await expectRight([9, 65]);
    tf.tidy(() => {
      const x = texture(tf.ones([9, 65]), true);
      expect(drawsOf(() => layerNorm(x))).toBe(2);
    });
    expect(usesFusedKernel()).toBe(true);
    expect(kernelReport()).toContainEqual({backend: name, kernel: 'fused'});
    expect(warn).not.toHaveBeenCalled();
  } finally {
    warn.mockRestore();
    await tf.setBackend('webgl');
    tf.removeBackend(name);
  }
});

describe('small tensors on the CPU', () => {
  test('stay there', () => {
    tf.tidy(() => {
      const x = tf.tensor2d(new Random(6).normal(40), [4, 10]);
      const run = () => tf.grad((v: tf.Tensor) => layerNorm(v))(x, tf.ones([4, 10]));
      const draws = drawsOf(() => layerNorm(x));
      expect(draws).toBe(0);
      expect(run().shape).toEqual([4, 10]);
    });
  });

  test('are computed on the GPU where the backend is told not to forward', () =>
    withFlag('WEBGL_CPU_FORWARD', false, async () => {
      await expectRight([4, 10]);
      tf.tidy(() => {
        const x = tf.tensor2d(new Random(6).normal(40), [4, 10]);
        expect(drawsOf(() => layerNorm(x))).toBeGreaterThan(0);
      });
    }));
});

describe('memory', () => {
  test('no texture is left behind', async () => {
    const bytes = () => (tf.memory() as unknown as {numBytesInGPU: number}).numBytesInGPU;
    for (const isPacked of [true, false]) {
      for (const shape of [
        [64, 96],
        [600, 96],
        [4, 8192],
      ]) {
        const before = bytes();
        await run(shape, {isPacked});
        expect(bytes()).toBe(before);
      }
    }
  });
});
