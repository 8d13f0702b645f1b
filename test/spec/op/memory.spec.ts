/** Leaks: `tf.memory()` after equals before, for everything that the package does. */
import {layerNorm, layerNormalization, rmsNorm} from '../../../src/index.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';

/** Runs once to warm up (shaders, fallback kernels), then compares the memory around a second run. */
async function expectNoLeak(run: () => unknown): Promise<void> {
  await run();
  const before = tf.memory();
  await run();
  const after = tf.memory();
  expect(after.numTensors).toBe(before.numTensors);
  expect(after.numDataBuffers).toBe(before.numDataBuffers);
  expect(after.numBytes).toBe(before.numBytes);
}

const x = () => tf.tensor3d(new Random(1).normal(24), [2, 3, 4]);

test.each([
  ['layerNorm', () => layerNorm(x())],
  [
    'layerNorm with gamma and beta',
    () => layerNorm(x(), {gamma: [1, 2, 3, 4], beta: tf.ones([4])}),
  ],
  ['layerNorm over axes that need a transpose', () => layerNorm(x(), {axis: [0, 2]})],
  ['rmsNorm', () => rmsNorm(x())],
  ['an empty tensor', () => layerNorm(tf.zeros([0, 4]))],
  ['a gradient', () => tf.grad((v: tf.Tensor) => layerNorm(v))(x())],
  [
    'all gradients',
    () =>
      tf.grads((v, gamma, beta) => layerNorm(v, {gamma, beta, axis: [2, 0]}))([
        x(),
        tf.ones([4, 2]),
        tf.ones([4, 2]),
      ]),
  ],
  [
    'a second gradient',
    () => {
      const first = tf.grad((v: tf.Tensor) => tf.square(layerNorm(v)));
      return tf.grad((v: tf.Tensor) => tf.sum(first(v)))(x());
    },
  ],
])('%s leaves nothing behind in tf.tidy', async (_, run) => {
  await expectNoLeak(() => {
    tf.tidy(() => {
      run();
    });
  });
});

test('layerNorm outside tf.tidy leaves its output alone', () => {
  const input = x();
  layerNorm(input).dispose();
  const before = tf.memory().numTensors;
  const y = layerNorm(input);
  expect(tf.memory().numTensors).toBe(before + 1);
  tf.dispose([y, input]);
});

test('gradients outside tf.tidy leave their outputs alone', () => {
  const inputs = [x(), tf.ones([4]), tf.ones([4])];
  const run = () => tf.grads((v, gamma, beta) => layerNorm(v, {gamma, beta}))(inputs);
  tf.dispose(run());
  const before = tf.memory().numTensors;
  const gradients = run();
  expect(tf.memory().numTensors).toBe(before + 3);
  tf.dispose([...gradients, ...inputs]);
});

test('calls that fail leave nothing behind, without tf.tidy', async () => {
  const input = x();
  await expectNoLeak(() => {
    expect(() => layerNorm(input, {axis: 5})).toThrow();
    expect(() => layerNorm(input, {gamma: [1, 2], beta: [1]})).toThrow();
    expect(() => layerNormalization({axis: 5}).apply(input)).toThrow();
  });
  input.dispose();
});

test('12 training steps leave nothing behind', async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({units: 6, inputShape: [4]}),
      layerNormalization(),
      tf.layers.dense({units: 1}),
    ],
  });
  model.compile({optimizer: 'adam', loss: 'meanSquaredError'});
  const [inputs, targets] = [tf.ones([10, 4]), tf.ones([10, 1])];
  await expectNoLeak(() => model.fit(inputs, targets, {epochs: 6, batchSize: 5, verbose: 0}));
  tf.dispose([inputs, targets]);
  model.dispose();
});

test('a layer disposed takes its weights with it', async () => {
  await expectNoLeak(() => {
    const layer = layerNormalization();
    tf.tidy(() => {
      layer.apply(tf.ones([2, 4]));
    });
    layer.dispose();
  });
});
