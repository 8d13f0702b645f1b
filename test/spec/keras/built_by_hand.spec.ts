/** Small models whose values can be worked out by hand: weights and shapes that a file states otherwise. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

type Weight = [name: string, shape: number[], values: number[]];

function sequential(shape: (number | null)[], layer: object, weights: Weight[]): tf.io.IOHandler {
  const config = {batch_input_shape: shape, dtype: 'float32', name: 'x'};
  const layers = [{class_name: 'InputLayer', config}, layer];
  const model_config = {class_name: 'Sequential', config: {name: 'model', layers}};
  return tf.io.fromMemory({
    modelTopology: {keras_version: '3.15.1', model_config},
    weightSpecs: weights.map(([name, size]) => ({name, shape: size, dtype: 'float32'})),
    weightData: Float32Array.from(weights.flatMap(([, , values]) => values)).buffer,
  });
}

async function expectPrediction(handler: tf.io.IOHandler, x: number[][], expected: number[]) {
  const before = tf.memory().numTensors;
  const model = await loadKerasModel(handler);
  const input = tf.tensor2d(x);
  const y = model.predict(input) as tf.Tensor;
  expectClose(await y.data(), expected, 1e-6);
  tf.dispose([input, y]);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

describe('a kernel with a low-rank update, as an .h5 file has it: kernel + alpha / rank · a·b', () => {
  const weights: Weight[] = [
    ['dense/bias', [2], [10, 20]],
    ['dense/lora_kernel_a', [3, 2], [1, 0, 0, 1, 2, 3]],
    ['dense/lora_kernel_b', [2, 2], [1, 2, 3, 4]],
    ['dense/kernel', [3, 2], [0, 0, 1, 1, 0, 1]],
  ];
  const dense = (options: object) => ({
    class_name: 'Dense',
    config: {
      name: 'dense',
      units: 2,
      activation: 'linear',
      use_bias: true,
      lora_rank: 2,
      ...options,
    },
  });

  test('alpha is the rank by default', () =>
    expectPrediction(sequential([null, 3], dense({}), weights), [[1, 1, 1]], [26, 44]));

  test('alpha of its own', () =>
    expectPrediction(
      sequential([null, 3], dense({lora_alpha: 4}), weights),
      [[1, 1, 1]],
      [41, 66],
    ));
});

test('Normalization knows by its build_config the sizes that the input leaves open', () => {
  const layer = {
    class_name: 'Normalization',
    config: {name: 'normalization', axis: [-1], mean: null, variance: null, invert: false},
    build_config: {input_shape: [8, 2]},
  };
  const weights: Weight[] = [
    ['normalization/mean', [2], [1, 2]],
    ['normalization/variance', [2], [4, 9]],
    ['normalization/count', [], [8]],
  ];
  return expectPrediction(sequential([null, null], layer, weights), [[3, 5]], [1, 1]);
});

test.each([
  [{module: 'keras.dtype_policies', class_name: 'QuantizedDTypePolicy', config: {mode: 'int8'}}],
  [{module: 'keras.dtype_policies', class_name: 'GPTQDTypePolicy', config: {mode: 'gptq/4/-1'}}],
])('quantised weights are refused with what to do: %j', async (dtype) => {
  const dense = {class_name: 'Dense', config: {name: 'dense', units: 2, dtype}};
  await expect(loadKerasModel(sequential([null, 3], dense, []))).rejects.toThrow(
    /Dense layer "dense": its weights are quantised, .*: save the model before quantize\(\)/,
  );
});
