/**
 * What goes on around the op in a real program: backends that change or are set up anew, tensors
 * disposed too early or twice, work that is interleaved. Values stay right, and nothing is left.
 */
import {layerNorm, layerNormalization} from '../../../src/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {backendName, setUpBackendAnew, tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {drawRows, expectRows, inputsOf, optionsOf, runRows} from '../../support/rows.js';
import {silence} from '../../support/silence.js';

silence('synchronously reading data from GPU'); // as tfjs does to move a tensor from webgpu

/** The `cpu` backend under other names; `newcomer` has never run our op, and has no kernel of it. */
const COPIES = ['other', 'newcomer'];

beforeAll(() => {
  for (const name of COPIES) {
    tf.registerBackend(name, tf.findBackendFactory('cpu'), 0);
    for (const config of tf.getKernelsForBackend('cpu')) {
      if (name === 'newcomer' && config.kernelName.startsWith('LayerNorm')) continue;
      tf.registerKernel({...config, backendName: name});
    }
    Object.assign(tf.findBackend(name), {firstUse: false}); // else it prints advice in Node
  }
});

afterAll(() => {
  for (const name of COPIES) {
    tf.removeBackend(name);
    for (const {kernelName} of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
  }
});

/** At once where the backend is set up already, so that it can be called within `tf.grad`. */
function use(name: string): void {
  void tf.setBackend(name);
}

/** What tfjs counts, and what the backends themselves hold. */
function memoryNow() {
  const {numTensors, numDataBuffers, numBytes} = tf.memory();
  const held = [backendName, ...COPIES].map((name) => tf.findBackend(name).numDataIds());
  return {numTensors, numDataBuffers, numBytes, held: held.reduce((sum, n) => sum + n)};
}

async function expectFlat(run: () => unknown): Promise<void> {
  await run(); // compiles shaders, registers composed kernels
  const before = memoryNow();
  await run();
  expect(memoryNow()).toEqual(before);
}

/** Small enough for a GPU's backend to compute on the CPU, and too large for that. */
const SHAPES = [
  [3, 8],
  [5, 7, 36],
];

const op = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => layerNorm(x, {gamma, beta});

describe.each(SHAPES.map((shape) => ({shape})))('a backend that changes, $shape,', ({shape}) => {
  const given = drawRows(shape);

  afterEach(() => tf.setBackend(backendName));

  test('between calls: tensors of one serve on the other', async () => {
    await expectFlat(async () => {
      const inputs = inputsOf(given);
      const results: tf.Tensor[] = [];
      for (const name of [backendName, 'other', backendName, 'other']) {
        await tf.setBackend(name);
        // On the latest result, made on the other backend, by weights that move to and fro.
        results.push(op(results[results.length - 1] ?? inputs[0], inputs[1], inputs[2]));
      }
      await tf.setBackend(backendName);
      let expected: ArrayLike<number> = given.x;
      for (const result of results) {
        expected = reference.forward(expected, optionsOf(given)).y;
        expectClose(await result.data(), expected, 1e-5);
      }
      tf.dispose([inputs, results]);
    });
  });

  test.each([
    [backendName, 'other'],
    ['other', backendName],
  ])('from %s to %s, between forward and backward', async (from, to) => {
    await expectFlat(async () => {
      await tf.setBackend(from);
      const tensors = runRows(given, {between: () => use(to)});
      expect(tf.getBackend()).toBe(to);
      await tf.setBackend(backendName);
      await expectRows(given, tensors);
    });
  });

  test('between the first gradient and the second', async () => {
    const secondGradient = (between: () => void) =>
      tf.tidy(() => {
        const [x, gamma] = inputsOf(given);
        const first = tf.grad((v: tf.Tensor) => tf.square(layerNorm(v, {gamma})));
        const f = (v: tf.Tensor) => {
          const dx = first(v);
          between();
          return tf.square(dx);
        };
        return tf.grad(f)(x);
      });
    await expectFlat(async () => {
      const moved = secondGradient(() => use('other'));
      await tf.setBackend(backendName);
      const stayed = secondGradient(() => {});
      expectClose(await moved.data(), await stayed.data(), 1e-5);
      tf.dispose([moved, stayed]);
    });
  });
});

test('the backward pass comes to a backend that has never run our op', async () => {
  const given = drawRows([4, 9]);
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    const tensors = runRows(given, {between: () => use('newcomer')});
    await tf.setBackend(backendName);
    await expectRows(given, tensors);
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("no fused kernel for the backend 'newcomer'")],
    ]);
  } finally {
    warn.mockRestore();
    await tf.setBackend(backendName);
  }
});

test('a model trains on one backend, then on another, then on the first again', async () => {
  const {x, dy} = drawRows([6, 8]);
  await expectFlat(async () => {
    const model = tf.sequential({
      layers: [layerNormalization({inputShape: [8]}), tf.layers.dense({units: 8})],
    });
    model.compile({optimizer: 'adam', loss: 'meanSquaredError'});
    const [inputs, targets] = [tf.tensor2d(x, [6, 8]), tf.tensor2d(dy, [6, 8])];
    const losses: number[] = [];
    for (const name of [backendName, 'other', backendName]) {
      await tf.setBackend(name);
      const {history} = await model.fit(inputs, targets, {epochs: 5, verbose: 0});
      losses.push(...(history.loss as number[]));
    }
    const falls = losses.map((loss, i) => i === 0 || loss < losses[i - 1]);
    expect(falls).toEqual(losses.map(() => true));
    tf.dispose([inputs, targets]);
    model.dispose();
  });
});

test('a backend disposed and registered again, twice, computes right', async () => {
  for (const seed of [1, 2, 3]) {
    for (const shape of SHAPES) {
      const given = drawRows(shape, {seed});
      await expectRows(given, runRows(given));
    }
    const before = tf.memory().numTensors;
    const old = tf.backend();
    await setUpBackendAnew();
    expect(tf.backend()).not.toBe(old);
    expect(tf.memory().numTensors).toBe(before);
  }
});

describe('a tensor', () => {
  const given = drawRows([3, 40]);

  test('disposed twice is disposed once', async () => {
    await expectFlat(() => {
      const [x, gamma, beta] = inputsOf(given);
      const y = op(x, gamma, beta);
      for (let i = 0; i < 2; i++) tf.dispose([x, gamma, beta, y]);
    });
  });

  test('disposed before the gradient is taken is still known to it', async () => {
    await expectFlat(async () => {
      const [y, ...gradients] = tf.tidy(() => {
        const f = (...[x, gamma, beta]: tf.Tensor[]) => {
          const [copy, scale] = [tf.mul(x, 1), tf.mul(gamma, 1)];
          const y = op(copy, scale, beta);
          const result = tf.mul(y, 1);
          tf.dispose([copy, scale, y]);
          return result;
        };
        const dy = tf.tensor(given.dy, given.shape);
        const {value, grads} = tf.valueAndGrads(f)(inputsOf(given), dy);
        return [value, ...grads];
      });
      await expectRows(given, [y, ...gradients]);
    });
  });

  test('disposed too early is an error of a layer too', async () => {
    const layer = layerNormalization();
    tf.tidy(() => void layer.apply(tf.ones([3, 40])));
    await expectFlat(() => {
      tf.tidy(() => {
        const x = tf.ones([3, 40]);
        x.dispose();
        expect(() => layer.apply(x)).toThrow('layerNorm: x is disposed.');
      });
    });
    layer.dispose();
  });

  test('disposed too early is an error: dy', () => {
    // tfjs does not let go of what ops saved when a gradient throws; but no data is without a tensor.
    const ownerless = () => memoryNow().held - memoryNow().numDataBuffers;
    const before = ownerless();
    tf.tidy(() => {
      const gradient = tf.grad((v: tf.Tensor) => layerNorm(v));
      const dy = tf.ones([3, 40]);
      dy.dispose();
      expect(() => gradient(tf.ones([3, 40]), dy)).toThrow('Tensor is disposed.');
    });
    expect(ownerless()).toBe(before);
  });
});

describe('interleaved', () => {
  test('gradients within tf.tidy, within each other', async () => {
    const [a, b] = [drawRows([3, 40]), drawRows([4, 8], {seed: 2})];
    await expectFlat(async () => {
      const [outer, inner] = tf.tidy(() => {
        let inner: tf.Tensor[] = [];
        const outer = runRows(a, {
          between: () => {
            inner = tf.tidy(() => runRows(b).map((tensor) => tf.keep(tensor)));
          },
        });
        return [outer, inner];
      });
      await expectRows(a, outer);
      await expectRows(b, inner);
    });
  });

  test('several flows that wait between forward and gradient', async () => {
    const flow = async (seed: number) => {
      const given = drawRows(SHAPES[seed % SHAPES.length], {seed});
      const [x, gamma, beta] = inputsOf(given);
      for (let step = 0; step < 3; step++) {
        const y = op(x, gamma, beta);
        await tf.nextFrame();
        const values = await y.data();
        y.dispose();
        expectClose(values, reference.forward(given.x, optionsOf(given)).y, 1e-5);
        const tensors = runRows(given);
        await tf.nextFrame();
        await expectRows(given, tensors);
      }
      tf.dispose([x, gamma, beta]);
    };
    await expectFlat(() => Promise.all([1, 2, 3, 4, 5, 6].map(flow)));
  });

  test('several models in fit at once learn what each learns alone', async () => {
    /** The weights after training. */
    const train = async (seed: number) => {
      const random = new Random(seed);
      const model = tf.sequential({
        layers: [
          tf.layers.dense({units: 12, inputShape: [8]}),
          layerNormalization(),
          tf.layers.dense({units: 8}),
        ],
      });
      tf.tidy(() => {
        model.setWeights(
          model.getWeights().map(({shape, size}) => tf.tensor(random.normal(size), shape)),
        );
      });
      model.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
      const {x, dy, shape} = drawRows([12, 8], {seed});
      const [inputs, targets] = [tf.tensor(x, shape), tf.tensor(dy, shape)];
      await model.fit(inputs, targets, {
        epochs: 1,
        batchSize: 7,
        shuffle: false,
        verbose: 0,
        callbacks: {onBatchEnd: () => tf.nextFrame()},
      });
      const weights = await Promise.all(model.getWeights().map((weight) => weight.data()));
      tf.dispose([inputs, targets]);
      model.dispose();
      return weights;
    };
    let together: Awaited<ReturnType<typeof train>>[] = [];
    await expectFlat(async () => {
      together = await Promise.all([1, 2].map(train));
    });
    for (const [i, weights] of together.entries()) {
      const alone = await train(i + 1);
      for (const [w, values] of weights.entries()) expectClose(values, alone[w], 1e-6);
    }
  });
});
