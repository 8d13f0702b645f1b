/**
 * Under load: thousands of random configurations against the float64 reference, and training and
 * prediction with random shapes while the memory stays flat. Minutes a backend, so that only
 * `npm run soak` runs it. Every configuration has a seed of its own, which an error names.
 */
import {layerNorm, layerNormalization, rmsNorm} from '../../src/index.js';
import {Random} from '../../tools/random.js';
import {backendName, tf} from '../backends/current.js';
import {maxError} from '../support/close.js';
import {expectedBackward, expectedForward} from '../support/expected.js';

const inBrowser = backendName === 'webgl' || backendName === 'webgpu';
const CONFIGURATIONS = inBrowser ? 1_000 : 10_000;
const STEPS = Number(process.env.SOAK_STEPS) || (inBrowser ? 200 : 1_000);
const FIRST_SEED = Number(process.env.SOAK_SEED) || 1;
const TOLERANCE = 1e-5;
const MOST_ELEMENTS = 1_000;
const HOUR_MS = 3_600_000;

function drawConfiguration(seed: number) {
  const random = new Random(seed);
  random.uniform(); // the first draws of neighbouring seeds are alike
  const below = (end: number) => Math.floor(random.uniform() * end);
  const shape: number[] = [];
  const rank = 1 + below(4);
  for (let size = 1; shape.length < rank; size *= shape[shape.length - 1]) {
    shape.push(1 + below(Math.min(rank === 2 ? 300 : 12, MOST_ELEMENTS / size)));
  }
  const dims = shape.map((_, i) => i);
  const axes = dims.filter(() => random.uniform() < 0.5);
  if (axes.length === 0) axes.push(shape.length - 1);
  const mean = [0, 0, 1, -30, 100][below(5)];
  return {
    shape,
    axes,
    epsilon: [1e-3, 1e-5, 1e-6][below(3)],
    center: random.uniform() < 0.7,
    hasGamma: random.uniform() < 0.7,
    hasBeta: random.uniform() < 0.7,
    mean,
    random,
  };
}

type Configuration = ReturnType<typeof drawConfiguration>;

/** The largest error of y, dx, dγ and dβ. */
async function errorOf({random, mean, hasGamma, hasBeta, ...config}: Configuration) {
  const {shape, axes, epsilon, center} = config;
  const product = (sizes: number[]) => sizes.reduce((size, n) => size * n, 1);
  const cols = product(axes.map((axis) => shape[axis]));
  const [x, dy] = [random.normal(product(shape), mean), random.normal(product(shape))];
  const gamma = hasGamma ? random.normal(cols, 1, 0.3) : undefined;
  const beta = hasBeta && center ? random.normal(cols) : undefined;
  const options = {shape, axes, gamma, beta, epsilon, center};

  const paramShape = axes.map((axis) => shape[axis]);
  const tensors = tf.tidy(() => {
    const params = [gamma, beta]
      .filter((p) => p !== undefined)
      .map((p) => tf.tensor(p, paramShape));
    const op = (v: tf.Tensor, ...given: tf.Tensor[]) => {
      const scale = gamma ? {gamma: given[0]} : {};
      if (!center) return rmsNorm(v, {...scale, axis: axes, epsilon});
      const offset = beta ? {beta: given[given.length - 1]} : {};
      return layerNorm(v, {...scale, ...offset, axis: axes, epsilon});
    };
    const {value, grads} = tf.valueAndGrads(op)(
      [tf.tensor(x, shape), ...params],
      tf.tensor(dy, shape),
    );
    return [value, ...grads];
  });
  const [y, dx, ...dparams] = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);

  const expected = expectedBackward(dy, x, options);
  const errors = [maxError(y, expectedForward(x, options))];
  const dxErrors = Array.from(
    dx,
    (value, i) => Math.abs(value - expected.dx[i]) / (expected.dxScale[i] || 1),
  );
  errors.push(dxErrors.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(0, ...dxErrors));
  const wanted = [...(gamma ? [expected.dgamma] : []), ...(beta ? [expected.dbeta] : [])];
  // dγ and dβ are sums of as many terms of size 1 as there are rows. Such a sum may be nearly 0 by
  // chance, the rounding of its terms is not: its error counts beside the size it is likely to have.
  const likely = Math.sqrt(x.length / cols);
  wanted.forEach((values, i) => {
    errors.push(maxError(dparams[i], values, values.length, likely));
  });
  return Math.max(...errors);
}

test(
  `${CONFIGURATIONS} random configurations give what the reference gives`,
  async () => {
    const off: string[] = [];
    let worst = {error: 0, seed: FIRST_SEED};
    for (let seed = FIRST_SEED; seed < FIRST_SEED + CONFIGURATIONS; seed++) {
      const {random, ...shown} = drawConfiguration(seed);
      const error = await errorOf({random, ...shown});
      if (error > worst.error) worst = {error, seed};
      if (!(error <= TOLERANCE)) off.push(`seed ${seed}: ${error} ${JSON.stringify(shown)}`);
    }
    const {random: _, ...shown} = drawConfiguration(worst.seed);
    console.log(
      `${backendName}: ${CONFIGURATIONS} configurations, ${off.length} off, ` +
        `worst error ${worst.error}, seed ${worst.seed}, ${JSON.stringify(shown)}`,
    );
    expect(off.slice(0, 20)).toEqual([]);
  },
  HOUR_MS,
);

/** Of tfjs, and of what lies below it: textures and buffers of a GPU, or the process. In bytes. */
function memoryNow() {
  const {numTensors, numDataBuffers, numBytes, ...ofBackend} = tf.memory();
  globalThis.gc?.();
  return {
    tfjs: {numTensors, numDataBuffers, numBytes},
    gpu: (ofBackend as {numBytesInGPU?: number}).numBytesInGPU,
    process: inBrowser ? undefined : process.memoryUsage().rss,
  };
}

type Memory = ReturnType<typeof memoryNow>;

function show(when: string, {tfjs, gpu, process}: Memory): string {
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  return [
    `${when.padEnd(8)}${tfjs.numTensors} tensors, ${tfjs.numBytes} bytes in them`,
    ...(gpu === undefined ? [] : [`${gpu} bytes on the GPU`]),
    ...(process === undefined ? [] : [`${megabytes(process)} resident`]),
  ].join(', ');
}

test(
  `${STEPS} steps of training and prediction with random shapes leave the memory flat`,
  async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({units: 16, inputShape: [null, 8]}),
        layerNormalization(),
        tf.layers.dense({units: 1}),
      ],
    });
    model.compile({optimizer: 'adam', loss: 'meanSquaredError'});
    const random = new Random(FIRST_SEED);
    const step = async (batch: number, length: number) => {
      const x = tf.tensor3d(random.normal(batch * length * 8), [batch, length, 8]);
      const y = tf.ones([batch, length, 1]);
      await model.trainOnBatch(x, y);
      tf.dispose([model.predict(x), x, y]);
    };
    const sizes = () => [
      1 + Math.floor(random.uniform() * 8),
      1 + Math.floor(random.uniform() * 12),
    ];
    for (let batch = 1; batch <= 8; batch++) {
      for (let length = 1; length <= 12; length++) await step(batch, length); // all that can come
    }
    const run = async (steps: number) => {
      for (let i = 0; i < steps; i++) {
        const [batch, length] = sizes();
        await step(batch, length);
      }
    };
    const start = memoryNow();
    await run(Math.ceil(STEPS / 2));
    const middle = memoryNow();
    await run(Math.floor(STEPS / 2));
    const end = memoryNow();
    const lines = [show('start', start), show('middle', middle), show('end', end)];
    console.log(`${backendName}: ${STEPS} steps\n${lines.join('\n')}`);

    expect([middle.tfjs, end.tfjs]).toEqual([start.tfjs, start.tfjs]);
    // Textures and buffers kept for use again are counted, and flat once warm.
    expect(end.gpu ?? 0).toBeLessThanOrEqual((start.gpu ?? 0) * 1.1);
    // The process's heaps grow to their size in the first half.
    expect(end.process ?? 0).toBeLessThanOrEqual((middle.process ?? 0) * 1.1);
    model.dispose();
  },
  HOUR_MS,
);
