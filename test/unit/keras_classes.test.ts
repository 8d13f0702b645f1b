/** Whose a class is, and what the options of Keras become: names, functions, layers and types in them. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {expectClose} from '../support/close.js';
import {
  call,
  called,
  from,
  functional,
  input,
  type Json,
  layer,
  load,
  on,
  onList,
  predicted,
  refusal,
  sequential,
  type Weight,
} from '../support/keras_json.js';

describe('whose a class is', () => {
  const notKnown = (name: string) => `is of the class ${name}, which is not known`;

  /** Options that Keras saves of a class in every version: an .h5 file says no module. */
  const saved: [className: string, option: string][] = [
    ['BatchNormalization', 'epsilon'],
    ['Concatenate', 'axis'],
    ['Dense', 'units'],
    ['Dropout', 'rate'],
    ['Embedding', 'input_dim'],
    ['GRU', 'units'],
    ['GroupNormalization', 'epsilon'],
    ['LSTM', 'units'],
    ['LayerNormalization', 'epsilon'],
    ['Masking', 'mask_value'],
    ['MultiHeadAttention', 'num_heads'],
    ['RMSNormalization', 'epsilon'],
    ['Rescaling', 'scale'],
    ['UnitNormalization', 'axis'],
  ];
  test.each(saved)('a %s of an .h5 file has %s', async (className, option) => {
    const model = (config: object, module?: string) =>
      sequential(input([3, 4]), {...layer(className, config), module});
    expect(await refusal(model({}))).toContain(notKnown(className));
    expect(await refusal(model({}, 'keras.layers'))).not.toContain(notKnown(className));
    expect(await refusal(model({[option]: 1}))).not.toContain(notKnown(className));
  });

  const modules: [module: string | null, registered: string | null, isOfKeras: boolean][] = [
    ['keras', null, true],
    ['keras.layers', null, true],
    ['keras.src.layers.activations.relu', 'ReLU', true],
    ['tf_keras.src.layers', null, true],
    ['tensorflow.keras.layers', null, true],
    ['tensorflow.python.keras.layers', null, true],
    ['builtins', null, true],
    [null, null, true],
    [null, 'ReLU', false],
    ['kerasx.layers', null, false],
    ['my.keras', null, false],
    ['tensorflow.layers', null, false],
    ['tensorflow_keras', null, false],
    ['tensorflowxkeras', null, false],
    ['keras.layers', 'Mine>ReLU', false],
  ];
  test.each(modules)(
    'module %j, registered as %j: of Keras %s',
    async (module, name, isOfKeras) => {
      const model = sequential(input([2]), {...layer('ReLU'), module, registered_name: name});
      const message = await refusalOrNothing(model);
      if (isOfKeras) expect(message).toBe('');
      else expect(message).toContain(notKnown('ReLU'));
    },
  );
});

/** What is said of a model, nothing if it loads; it is gone then. */
async function refusalOrNothing(config: Json, version?: string): Promise<string> {
  return load(config, {version}).then(
    (model) => {
      model.dispose();
      return '';
    },
    (error: Error) => error.message,
  );
}

test.each([[3], ['three'], ['3'], ['']])('%j is no version', async (version) => {
  const message = await refusal(sequential(input([2]), layer('ReLU')), {
    version: version as string,
  });
  expect(message).toContain(
    'in its config keras_version must be a version, such as "3.0.0", but is',
  );
});

describe('what dense layers are given', () => {
  const weights: Weight[] = [
    ['dense/kernel', [2, 2], [1, 0, 0, 1]],
    ['dense/bias', [2], [0, 0]],
  ];
  const model = (options: object) =>
    sequential(input([2]), layer('Dense', {units: 2, use_bias: true, ...options}));
  const configOf = async (options: object, version?: string): Promise<Json> => {
    const loaded = await load(model(options), {weights, version});
    const config = loaded.layers[1].getConfig();
    loaded.dispose();
    return config;
  };

  const initializers: [name: string, config: object][] = [
    ['Constant', {value: 0.5}],
    ['GlorotNormal', {seed: null}],
    ['GlorotUniform', {seed: null}],
    ['HeNormal', {seed: null}],
    ['HeUniform', {seed: null}],
    ['Identity', {gain: 1}],
    ['IdentityInitializer', {gain: 1}],
    ['LecunNormal', {seed: null}],
    ['LecunUniform', {seed: null}],
    ['Ones', {}],
    ['Orthogonal', {gain: 1, seed: null}],
    ['OrthogonalInitializer', {gain: 1, seed: null}],
    ['RandomNormal', {mean: 0, stddev: 0.05, seed: null}],
    ['RandomUniform', {minval: -0.05, maxval: 0.05, seed: null}],
    ['TruncatedNormal', {mean: 0, stddev: 0.05, seed: null}],
    ['VarianceScaling', {scale: 1, mode: 'fan_in', distribution: 'truncated_normal', seed: null}],
    ['VarianceScaling', {scale: 1, mode: 'fan_in', distribution: 'untruncated_normal', seed: null}],
    ['VarianceScaling', {scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null}],
    ['Zeros', {}],
  ];
  test.each(initializers)('the initialiser %s %j', async (class_name, config) => {
    const saved = {module: 'keras.initializers', class_name, config, registered_name: null};
    expect((await configOf({kernel_initializer: saved})).kernelInitializer).toBeTruthy();
  });

  test.each([
    ['L1', {l1: 0.25}, {l1: 0.25, l2: 0}],
    ['L2', {l2: 0.5}, {l1: 0, l2: 0.5}],
    ['L1L2', {l1: 0.25, l2: 0.5}, {l1: 0.25, l2: 0.5}],
    ['L1', {}, {l1: 0, l2: 0}],
    ['OrthogonalRegularizer', {factor: 0.5, mode: 'rows'}, {factor: 0.5, mode: 'rows'}],
  ])('the regulariser %s %j', async (class_name, config, expected) => {
    const saved = {module: 'keras.regularizers', class_name, config, registered_name: null};
    const {kernelRegularizer} = await configOf({kernel_regularizer: saved});
    expect(kernelRegularizer.config).toEqual(expected);
  });

  test.each([
    ['MaxNorm', {max_value: 2, axis: 0}],
    ['MinMaxNorm', {min_value: 0, max_value: 1, rate: 1, axis: 0}],
    ['NonNeg', {}],
    ['UnitNorm', {axis: 0}],
  ])('the constraint %s', async (class_name, config) => {
    const saved = {module: 'keras.constraints', class_name, config, registered_name: null};
    const {kernelConstraint} = await configOf({kernel_constraint: saved});
    expect(kernelConstraint.className).toBe(class_name);
  });

  const predicts = async (activation: Json, x: number[], version?: string) => {
    const [y] = await predicted(model({activation}), [tf.tensor2d([x])], {weights, version});
    return y;
  };

  test.each([
    [{class_name: 'function', config: 'relu'}],
    [{class_name: 'function', config: {name: 'relu'}}],
    ['relu'],
    [{class_name: 'ReLU', config: {name: 'a'}, module: 'keras.layers'}],
    [{class_name: 'Activation', config: {name: 'a', activation: 'relu'}, module: 'keras.layers'}],
  ])('the activation %j', async (activation) => {
    expect(await predicts(activation, [-1, 2])).toEqual([0, 2]);
  });

  test.each<[Json, string]>([
    [{class_name: 'function', config: {}}, 'a function must have a name, but is {}.'],
    [
      layer('PReLU'),
      'its activation is a layer, PReLU, that is not supported there. In Keras call that layer after',
    ],
    [layer('Mystery'), 'Mystery'],
  ])('the activation %j is refused', async (activation, message) => {
    const text = await refusal(model({activation}), {weights});
    expect(text).toContain('Dense layer "dense"');
    expect(text).toContain(message);
  });

  const softmax = ([a, b]: number[]) => [1 / (1 + Math.exp(b - a)), 1 / (1 + Math.exp(a - b))];
  const each = (f: (x: number) => number) => (x: number[]) => x.map(f);
  test.each<[string, object, (x: number[]) => number[]]>([
    ['ELU', {alpha: 0.5}, each((x) => (x > 0 ? x : 0.5 * Math.expm1(x)))],
    ['Identity', {}, each((x) => x)],
    ['LeakyReLU', {negative_slope: 0.1}, each((x) => (x > 0 ? x : 0.1 * x))],
    ['ReLU', {max_value: 1.5}, each((x) => Math.min(Math.max(x, 0), 1.5))],
    ['Softmax', {axis: -1}, softmax],
    ['ThresholdedReLU', {theta: 1}, each((x) => (x > 1 ? x : 0))],
    ['AlphaDropout', {rate: 0.5}, each((x) => x)],
    ['Dropout', {rate: 0.5}, each((x) => x)],
    ['GaussianDropout', {rate: 0.5}, each((x) => x)],
    ['GaussianNoise', {stddev: 0.5}, each((x) => x)],
  ])('the layer %s in the place of an activation', async (name, config, expected) => {
    for (const x of [
      [-1, 2],
      [0.5, -3],
    ]) {
      expectClose(await predicts(layer(name, config), x), expected(x), 1e-6);
    }
  });

  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const clip = (x: number, from: number, to: number) => Math.min(Math.max(x, from), to);
  const geluByTanh = (x: number) =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  test.each<[string, string, (x: number) => number]>([
    ['silu', '3.15.1', (x) => x * sigmoid(x)],
    ['swish', '2.15.0', (x) => x * sigmoid(x)],
    ['hard_silu', '3.15.1', (x) => x * clip(x / 6 + 0.5, 0, 1)],
    ['hard_swish', '3.15.1', (x) => x * clip(x / 6 + 0.5, 0, 1)],
    ['hard_sigmoid', '3.0.0', (x) => clip(x / 6 + 0.5, 0, 1)],
    ['hard_sigmoid', '2.15.0', (x) => clip(0.2 * x + 0.5, 0, 1)],
    ['keras_hub>gelu_approximate', '3.15.1', geluByTanh],
    ['keras_nlp>gelu_approximate', '3.15.1', geluByTanh],
    ['linear', '3.15.1', (x) => x],
    ['exponential', '3.15.1', Math.exp],
    ['mish', '3.15.1', (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
  ])('the activation %s of Keras %s', async (name, version, f) => {
    for (const x of [
      [-2.25, 0.5],
      [2.75, -0.25],
      [4, -5],
    ]) {
      expectClose(await predicts(name, x, version), x.map(f), 1e-5);
    }
  });
});

describe('the types that layers compute in', () => {
  const policy = (config: object) => ({
    module: 'keras.dtype_policies',
    class_name: 'DTypePolicy',
    config,
  });
  test.each<[Json, string]>([
    ['float16', 'float32'],
    ['bfloat16', 'float32'],
    ['float64', 'float32'],
    ['mixed_float16', 'float32'],
    [policy({name: 'mixed_bfloat16'}), 'float32'],
    [policy({name: 'int32'}), 'int32'],
    ...['int8', 'uint8', 'int16', 'uint16', 'int64', 'uint64'].map((name): [string, string] => [
      name,
      'int32',
    ]),
    ['bool', 'bool'],
  ])('%j is %s', async (dtype, expected) => {
    const model = await load(sequential(input([2], 'x', dtype), layer('ReLU')));
    expect(model.inputs[0].dtype).toBe(expected);
    model.dispose();
  });

  test.each([
    'int8_from_float32',
    'int4_from_mixed_bfloat16',
    'uint8_from_float32',
    'float8_from_float32',
    'gptq/4/-1_from_float32',
    'awq/4/128_from_float32',
  ])('%s is refused', async (name) => {
    for (const dtype of [name, policy({name})]) {
      expect(await refusal(sequential(input([2]), layer('ReLU', {dtype})))).toContain(
        `ReLU layer "relu": its weights are quantised, ${name}: save the model before quantize().`,
      );
    }
  });
});

describe('layers of several outputs in a sequential model', () => {
  const lstm = (options: object = {}) => layer('LSTM', {units: 2, ...options});
  const around = (options: object, inner: Json) =>
    layer('Bidirectional', {...options, layer: inner});
  const twoOutputs = () => {
    const inner = functional(
      [input([3, 2]), on(layer('ReLU'), 'x'), on(layer('ELU'), 'x')],
      ['relu', 'elu'],
    );
    inner.config.name = 'inner';
    return inner;
  };
  test.each([
    ['states', lstm({return_state: true}), 'lstm'],
    ['both ways', around({merge_mode: null}, lstm()), 'bidirectional'],
    [
      'states of both ways',
      around({merge_mode: 'concat'}, lstm({return_state: true})),
      'bidirectional',
    ],
    ['two outputs of a model', twoOutputs(), 'inner'],
  ])('%s are refused', async (_, saved, name) => {
    expect(await refusal(sequential(input([3, 2]), saved))).toContain(
      `layer "${name}" in the model "sequential" gives several tensors, of which tfjs takes none on in ` +
        'a Sequential. In Python make it a functional model: keras.Model(inputs, outputs).',
    );
  });

  test.each([
    ['no states', lstm({return_state: false})],
    ['ways that are merged', around({merge_mode: 'concat'}, lstm())],
  ])('%s are not', async (_, saved) => {
    expect(await refusal(sequential(input([3, 2]), saved))).toContain('but the file 0');
  });
});

describe('whole numbers', () => {
  const LOOKUP = layer('IntegerLookup', {
    ...{name: 'lookup', vocabulary: [3, 1, 5], output_mode: 'count', num_oov_indices: 1},
  });
  const X = [
    [4, 5, 5, 0],
    [4, 1, 0, 2],
    [3, 5, 6, 3],
  ];
  const [gamma, beta] = [
    [2.6, 3.1, 1.7, 2.3],
    [0.45, -0.35, 0.85, 0.15],
  ];

  /** γ·(x − mean)/√(variance + ε) + β of each row of 4, in float64. */
  function normalized(x: number[]): number[] {
    return x.map((value, i) => {
      const row = x.slice(i - (i % 4), i - (i % 4) + 4);
      const mean = row.reduce((sum, each) => sum + each / 4, 0);
      const variance = row.reduce((sum, each) => sum + (each - mean) ** 2 / 4, 0);
      return (gamma[i % 4] * (value - mean)) / Math.sqrt(variance + 1e-3) + beta[i % 4];
    });
  }

  /** Counts of whole numbers, through some layers, then normalised. */
  const through = (...between: Json[]) => {
    const norm = layer('LayerNormalization', {name: 'norm', axis: [-1], epsilon: 1e-3});
    const last = between.at(-1)?.config.name ?? 'lookup';
    const layers = [input([4], 'x', 'int32'), on(LOOKUP, 'x'), ...between, on(norm, last)];
    return functional(layers, [last, 'norm']);
  };
  const WEIGHTS: Weight[] = [
    ['norm/gamma', [4], gamma],
    ['norm/beta', [4], beta],
  ];
  const check = async (config: Json, isCut: boolean, weights: Weight[] = []) => {
    const x = tf.tensor2d(X, undefined, 'int32');
    const [given, y] = await predicted(config, [x], {weights: [...weights, ...WEIGHTS]});
    expectClose(
      y,
      normalized(given).map((v) => (isCut ? Math.trunc(v) : v)),
      1e-5,
    );
  };

  const shaped = (shape: number[]) =>
    on(layer('Reshape', {name: 'shaped', target_shape: shape}), 'lookup');
  const [one, row, image, volume] = [[4], [1, 4], [1, 1, 4], [1, 1, 1, 4]];
  const alone: [string, object, number[]][] = [
    ['ActivityRegularization', {l1: 0, l2: 0}, one],
    ['AlphaDropout', {rate: 0.5}, one],
    ['Dropout', {rate: 0.5}, one],
    ['Flatten', {}, row],
    ['GaussianDropout', {rate: 0.5}, one],
    ['GaussianNoise', {stddev: 0.5}, one],
    ['Identity', {}, one],
    ['Permute', {dims: [2, 1]}, [4, 1]],
    ['RepeatVector', {n: 2}, one],
    ['Reshape', {target_shape: [4]}, row],
    ['SpatialDropout1D', {rate: 0.5}, row],
    ['SpatialDropout2D', {rate: 0.5}, image],
    ['SpatialDropout3D', {rate: 0.5}, volume],
  ];
  test.each(alone)('go through %s %j', async (name, config, shape) => {
    const between = on(layer(name, {name: 'between', ...config}), 'shaped');
    await check(through(shaped(shape), between), true);
  });

  test.each(['Add', 'Concatenate', 'Maximum', 'Minimum', 'Multiply', 'Subtract'])(
    'go through %s of two',
    async (name) => {
      const between = onList(layer(name, {name: 'between', axis: 1}), 'shaped', 'shaped');
      await check(through(shaped(row), between), true);
    },
  );

  test('go through an absolute value and a normalisation', async () => {
    const absolute = {...layer('Absolute', {name: 'absolute'}), module: 'keras.src.ops.numpy'};
    await check(through(on(absolute, 'lookup')), true);
    const rms = layer('RMSNormalization', {name: 'rms', axis: [-1], epsilon: 1e-6});
    await check(through(on(rms, 'lookup')), true, [['rms/scale', [4], [2.5, 3.5, 1.5, 2.5]]]);
  });

  test('are none any more behind a Rescaling, nor where one of two is none', async () => {
    const half = (name: string) => on(layer('Rescaling', {name, scale: 0.5, offset: 0}), 'lookup');
    await check(through(half('half')), false);
    const sum = onList(layer('Add', {name: 'sum'}), 'half', 'lookup');
    await check(through(half('half'), sum), false);
  });

  const normalizations: [string, object, since: string, before: string][] = [
    ['LayerNormalization', {axis: -1, epsilon: 1e-3}, '3.11.0', '3.10.0'],
    ['GroupNormalization', {groups: 1, axis: -1, epsilon: 1e-3}, '3.7.0', '3.6.0'],
    ['RMSNormalization', {axis: -1, epsilon: 1e-3}, '3.11.0', '3.10.0'],
  ];
  const calls = (saved: Json, ...dtypes: string[]) =>
    functional([input([4]), called(saved, ...dtypes.map((dtype) => call([from('x', {dtype})])))]);
  const REASON =
    'it is called with whole numbers and with others, of which Keras cuts the results of the one to ' +
    'whole numbers. In Python cast the whole numbers to float32 before it.';
  test.each(normalizations)(
    'to %s %j and others as well are refused from %s on',
    async (name, config, since, before) => {
      const both = calls(layer(name, config), 'int64', 'float32');
      expect(await refusal(both, {version: since})).toContain(`in the model "model": ${REASON}`);
      expect(await refusal(both, {version: before})).not.toContain(REASON);
      for (const dtypes of [
        ['uint8', 'int32'],
        ['float16', 'bool'],
      ]) {
        const alike = calls(layer(name, config), ...dtypes);
        expect(await refusal(alike, {version: since})).not.toContain(REASON);
      }
    },
  );

  test.each(normalizations)(
    'cut what %s %j gives, from %s on',
    async (name, config, since, before) => {
      const weights: Weight[] = ['gamma', 'beta'].map((each) => [`a/${each}`, [4], [1, 1, 1, 1]]);
      const isRms = name === 'RMSNormalization';
      const scale: Weight[] = [['a/scale', [4], [1, 1, 1, 1]]];
      const model = calls(layer(name, {name: 'a', ...config}), 'int32');
      const options = {weights: isRms ? scale : weights};
      const x = () => tf.tensor2d([[1, 2, 4, 9]]);
      const [cut] = await predicted(model, [x()], {...options, version: since});
      const [whole] = await predicted(model, [x()], {...options, version: before});
      expect(cut.map((value) => value || 0)).toEqual(whole.map((value) => Math.trunc(value) || 0));
      expect(whole.some((value) => !Number.isInteger(value))).toBe(true);
    },
  );
});
