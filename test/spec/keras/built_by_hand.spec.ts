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

/** A tensor that a call of Keras 3 takes. */
const taken = (name: string, call: number, shape: (number | null)[]) => ({
  class_name: '__keras_tensor__',
  config: {shape, dtype: 'float32', keras_history: [name, call, 0]},
});

/** A functional model of an input x and of layers, each with its calls. */
function functional(
  keras_version: string,
  shape: (number | null)[],
  layers: {name: string; class_name: string; module?: string; config?: object; calls: object[][]}[],
  outputs: [name: string, call: number, output: number][],
  weights: Weight[] = [],
): tf.io.IOHandler {
  const input = {
    ...{class_name: 'InputLayer', name: 'x', inbound_nodes: []},
    config: {batch_shape: shape, dtype: 'float32', name: 'x'},
  };
  const saved = layers.map(({name, class_name, module, config, calls}) => ({
    ...{class_name, name, module: module ?? 'keras.layers', config: {name, ...config}},
    inbound_nodes: calls.map((args) => ({args, kwargs: {}})),
  }));
  const config = {
    name: 'model',
    layers: [input, ...saved],
    input_layers: [['x', 0, 0]],
    output_layers: outputs,
  };
  return tf.io.fromMemory({
    modelTopology: {keras_version, model_config: {class_name: 'Functional', config}},
    weightSpecs: weights.map(([name, size]) => ({name, shape: size, dtype: 'float32'})),
    weightData: Float32Array.from(weights.flatMap(([, , values]) => values)).buffer,
  });
}

/** What a model predicts of an input, with its outputs one after the other. */
async function predicted(handler: tf.io.IOHandler, shape: number[], x: number[]) {
  const model = await loadKerasModel(handler);
  const input = tf.tensor(x, shape);
  const outputs = [model.predict(input)].flat() as tf.Tensor[];
  const values = await Promise.all(outputs.map((each) => each.data()));
  tf.dispose([input, outputs]);
  model.dispose();
  return values.flatMap((each) => [...each]);
}

test('calls of a shared layer, the first of which takes what is made after it', async () => {
  const dense = (name: string, calls: object[][]) => ({
    ...{name, class_name: 'Dense', config: {units: 1, activation: 'linear'}},
    calls,
  });
  const layers = [
    dense('shared', [[taken('other', 0, [null, 1])], [taken('x', 0, [null, 1])]]),
    dense('other', [[taken('x', 0, [null, 1])]]),
  ];
  const weights: Weight[] = [
    ['shared/kernel', [1, 1], [2]],
    ['shared/bias', [1], [1]],
    ['other/kernel', [1, 1], [10]],
    ['other/bias', [1], [0]],
  ];
  const outputs: [string, number, number][] = [
    ['shared', 0, 0],
    ['shared', 1, 0],
  ];
  const handler = functional('3.15.1', [null, 1], layers, outputs, weights);
  expect(await predicted(handler, [1, 1], [3])).toEqual([61, 7]);
});

describe('steps that are larger than the window, padding "same": the rest is left over at the end', () => {
  const options = {padding: 'same', strides: [2, 2, 2]};
  const x = [1, 2, 3, 4, 5, 6, 7, 8];
  test.each([
    ['Conv3D', {filters: 1, kernel_size: [1, 1, 1], use_bias: false}, 3],
    ['AveragePooling3D', {pool_size: [1, 1, 1]}, 1],
    ['MaxPooling3D', {pool_size: [1, 1, 1]}, 1],
  ])('%s', async (class_name, own, expected) => {
    const config = {...options, ...own};
    const layer = {name: 'layer', class_name, config, calls: [[taken('x', 0, [null, 2, 2, 2, 1])]]};
    const weights: Weight[] =
      class_name === 'Conv3D' ? [['layer/kernel', [1, 1, 1, 1, 1], [3]]] : [];
    const shape = [null, 2, 2, 2, 1];
    const handler = functional('3.15.1', shape, [layer], [['layer', 0, 0]], weights);
    expect(await predicted(handler, [1, 2, 2, 2, 1], x)).toEqual([expected]);
  });
});

/** Keras's own values, by `model.predict`. */
describe('x + constant [3, 1], which Keras takes for a bias of the last axis from 3.7 on', () => {
  const constant = {
    class_name: '__tensor__',
    config: {value: [[10], [20], [30]], dtype: 'float32'},
  };
  const [rows, cols] = [
    [10, 10, 10, 20, 20, 20, 30, 30, 30],
    [10, 20, 30, 10, 20, 30, 10, 20, 30],
  ];
  const sum = (version: string, cols: number, isFirst: boolean) => {
    const x = taken('x', 0, [null, 3, cols]);
    const calls = [isFirst ? [x, constant] : [constant, x]];
    const layer = {name: 'add', class_name: 'Add', module: 'keras.src.ops.numpy', calls};
    return functional(version, [null, 3, cols], [layer], [['add', 0, 0]]);
  };
  test.each([
    ['3.6.0', 'x + c', 3, true, rows],
    ['3.8.0', 'x + c', 3, true, cols],
    ['3.15.1', 'x + c', 3, true, cols],
    ['3.15.1', 'c + x', 3, false, rows],
    ['3.15.1', 'x of two columns + c', 2, true, [10, 10, 20, 20, 30, 30]],
  ])('Keras %s: %s', async (version, _, cols, isFirst, expected) => {
    const x = Array.from({length: 3 * cols}, () => 0);
    expect(await predicted(sum(version, cols, isFirst), [1, 3, cols], x)).toEqual(expected);
  });
});
