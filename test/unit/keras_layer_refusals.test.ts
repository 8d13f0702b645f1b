/** What a layer cannot do with its options, its input or its mask: the whole text of each refusal. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {type layers, loadLayersModel} from '@tensorflow/tfjs-layers';
import {MultiHeadAttention} from '../../src/keras/index.js';
import {RandomCrop} from '../../src/keras/layers/images/layers.js';
import {randomImageLayers} from '../../src/keras/layers/images/random.js';
import {OrthogonalRegularizer} from '../../src/keras/layers/orthogonal_regularizer.js';
import {
  call,
  called,
  from,
  functional,
  input,
  type Json,
  layer,
  load,
  predicted,
  refusal,
  type Shape,
  sequential,
} from '../support/keras_json.js';

const ofHub = (name: string, config: object): Json => ({
  ...layer(name, config),
  ...{module: 'keras_hub.src.layers', registered_name: `keras_hub>${name}`},
});

const conv = (options: object) => layer('Conv2D', {filters: 4, kernel_size: 1, ...options});
const einsum = (equation: string, output_shape: Json, more: object = {}) =>
  layer('EinsumDense', {equation, output_shape, ...more});
const transformer = {intermediate_dim: 4, num_heads: 4, dropout: 0};
const METHODS = 'bilinear, bicubic, gaussian, lanczos3, lanczos5, mitchellcubic, nearest, area';

const cases: [shape: Shape, saved: Json, message: string][] = [
  [[4, 4, null], conv({}), 'Conv2D layer "conv2d": the number of channels must be known.'],
  [[4, 4], conv({}), 'Conv2D layer "conv2d": the input must have 4 dimensions, but is [,4,4].'],
  [
    [4, 4, 3],
    conv({groups: 3}),
    'Conv2D layer "conv2d": groups, 3, must divide its 3 channels and 4 filters.',
  ],
  [
    [4, 4, 3],
    conv({groups: 2}),
    'Conv2D layer "conv2d": groups, 2, must divide its 3 channels and 4 filters.',
  ],
  [
    [2, 4, 4, null],
    layer('ConvLSTM2D', {filters: 2, kernel_size: 1}),
    'the number of channels must be known.',
  ],
  [
    [null, 2],
    layer('LocallyConnected1D', {filters: 2, kernel_size: 1}),
    'LocallyConnected1D layer "locallyconnected1d": the input must have 3 dimensions, all known but the ' +
      'batch, but is [,,2].',
  ],
  [
    [4, 4, 2],
    layer('LocallyConnected1D', {filters: 2, kernel_size: 1}),
    'the input must have 3 dimensions, all known but the batch, but is [,4,4,2].',
  ],
  ...['ab,bc', 'ab->ac', '...a,ab->b', '...a...,ab->...b...', 'ab...,bc->ac'].map(
    (equation): [Shape, Json, string] => [
      [4],
      einsum(equation, 3),
      `EinsumDense layer "einsumdense": its equation "${equation}" must be of a form such as ` +
        '"ab,bc->ac", "...a,ab->...b" or "ab...,bc->ac...".',
    ],
  ),
  [
    [4],
    einsum('abc,cd->abd', [3, 5]),
    'EinsumDense layer "einsumdense": its equation "abc,cd->abd" does not fit the input [,4].',
  ],
  [
    [3, 4],
    einsum('ab,bc->ac', 5),
    'EinsumDense layer "einsumdense": its equation "ab,bc->ac" does not fit the input [,3,4].',
  ],
  [
    [3, null],
    einsum('abc,cd->abd', [null, 8]),
    'EinsumDense layer "einsumdense": the size of "c" in "abc,cd->abd" must be known.',
  ],
  [
    [3, 4],
    einsum('abc,cd->abd', [3, 2.5]),
    'EinsumDense layer "einsumdense": its weight kernel would have the shape [4,2.5], expected whole numbers.',
  ],
  [
    [1000],
    layer('Dense', {units: 2000}),
    'Dense layer "dense": its weight kernel would have the shape [1000,2000], but the file has 0 values for ' +
      'all weights.',
  ],
  [
    [4, 4, 1],
    layer('Resizing', {height: 2, width: 2, interpolation: 'cubic'}),
    `Resizing layer "resizing": interpolation must be one of ${METHODS}, but is cubic.`,
  ],
  [
    [null],
    layer('Normalization', {axis: -1, mean: null, variance: null}),
    'Normalization layer "normalization": the sizes of axis -1 must be known, but the input is [null,null]. ' +
      'In Python save the model as .keras, or give its keras.Input these sizes.',
  ],
  [
    [3],
    layer('Reshape', {target_shape: [2]}),
    'Reshape layer "reshape": [3] cannot be given the shape [2].',
  ],
  [
    [5],
    layer('Reshape', {target_shape: [2, -1]}),
    'Reshape layer "reshape": [5] cannot be given the shape [2,-1].',
  ],
  [
    [60],
    layer('MelSpectrogram', {window: 'kaiser'}),
    'MelSpectrogram layer "melspectrogram": its window must be hann, hamming or none, but is "kaiser".',
  ],
  [
    [60],
    layer('STFTSpectrogram', {}),
    'STFTSpectrogram layer "stftspectrogram": the input must have 3 dimensions, but is [,60].',
  ],
  [
    [4, 4, 1],
    layer('RandomCrop', {height: 2, width: 2}),
    'layer "randomcrop" in the model "sequential": Keras 3 crops in training alone. In Python put a ' +
      'CenterCrop or a Resizing in its place.',
  ],
  [
    [3, 4],
    ofHub('PositionEmbedding', {sequence_length: 2}),
    'PositionEmbedding layer "positionembedding": it has 2 positions, but its input 3 steps.',
  ],
  [
    [3, 4],
    ofHub('RotaryEmbedding', {sequence_axis: -1, feature_axis: 2}),
    'RotaryEmbedding layer "rotaryembedding": there are no such axes, -1 and 2, in [,3,4].',
  ],
  [
    [3, 4],
    ofHub('RotaryEmbedding', {sequence_axis: 3, feature_axis: -1}),
    'there are no such axes, 3 and -1, in [,3,4].',
  ],
  [
    [3, 4],
    ofHub('RotaryEmbedding', {sequence_axis: 1, feature_axis: -4}),
    'no such axes, 1 and -4,',
  ],
  [
    [3, 5],
    ofHub('RotaryEmbedding', {sequence_axis: 1, feature_axis: -1}),
    'RotaryEmbedding layer "rotaryembedding": 5 features are not pairs.',
  ],
  [
    [3, 2],
    ofHub('TransformerEncoder', transformer),
    'TransformerEncoder layer "transformerencoder": 2 features cannot be shared by 4 heads.',
  ],
  [
    [3, 2],
    ofHub('TransformerDecoder', transformer),
    'TransformerDecoder layer "transformerdecoder": 2 features cannot be shared by 4 heads.',
  ],
  [
    [4, 6, 3],
    ofHub('ViTPatchingAndEmbedding', {image_size: [4, 4], patch_size: [2, 2], hidden_dim: 2}),
    'ViTPatchingAndEmbedding layer "vitpatchingandembedding": its images are [4,6,3], expected [4,4,3]: ' +
      'height, width and, last, channels.',
  ],
  [
    [3, 4],
    ofHub('MaskedLMHead', {vocabulary_size: 3, token_embedding: layer('ReversibleEmbedding')}),
    'it shares the matrix of an embedding, token_embedding, which a layer of tfjs cannot. In Python call ' +
      'that embedding itself with reverse=True.',
  ],
  [
    [3, 4],
    ofHub('BertBackbone', {num_layers: 2}),
    'layer "bertbackbone" in the model "sequential" is of the class BertBackbone: it makes its layers in ' +
      'Python; the file has only its options. In Python, build the model on keras.Model(backbone.inputs, ' +
      'backbone.outputs) in its place, and save it anew.',
  ],
];

test.each(cases)('%j into %j', async (shape, saved, message) => {
  expect(await refusal(sequential(input(shape), saved))).toContain(message);
});

describe('an IntegerLookup', () => {
  const lookup = (config: object) =>
    refusal(
      sequential(input([2], 'x', 'int32'), layer('IntegerLookup', {vocabulary: [1, 2], ...config})),
    );
  const vocabulary = 'its vocabulary is not in its config. In Python make the layer anew,';
  const hashes =
    'it hashes numbers that are not in its vocabulary. In Python set num_oov_indices=1.';
  test.each<[object, string]>([
    [{vocabulary: null}, vocabulary],
    [{vocabulary: 'file.txt'}, vocabulary],
    [{vocabulary: [1, 1.5]}, vocabulary],
    [{vocabulary: [1, 2 ** 31]}, vocabulary],
    [{vocabulary: [1, -(2 ** 31)]}, vocabulary],
    [{vocabulary: [1, '2']}, vocabulary],
    [{output_mode: 'tf_idf'}, 'tf_idf is not supported. In Python, cut the model after it'],
    [{num_oov_indices: 2, salt: 3}, hashes],
    [{num_oov_indices: 2, oov_method: 'farmhash'}, hashes],
  ])('%j is refused', async (config, message) => expect(await lookup(config)).toContain(message));

  test.each([
    [{vocabulary: [1, 2 ** 31 - 1]}],
    [{num_oov_indices: 1, salt: 3}],
    [{num_oov_indices: 1, oov_method: 'farmhash'}],
    [{num_oov_indices: 2}],
    [{num_oov_indices: 2, oov_method: 'floormod', salt: null}],
  ])('%j is not', async (config) => {
    const saved = layer('IntegerLookup', {vocabulary: [1, 2], ...config});
    const model = await load(sequential(input([2], 'x', 'int32'), saved));
    model.dispose();
  });

  test('without a place for what it does not know fails at such a number', async () => {
    const saved = layer('IntegerLookup', {vocabulary: [1, 2], num_oov_indices: 0, mask_token: 7});
    const config = sequential(input([2], 'x', 'int32'), saved);
    const x = (values: number[]) => [tf.tensor2d([values], undefined, 'int32')];
    expect(await predicted(config, x([2, 7]))).toEqual([[2, 0]]);
    await expect(predicted(config, x([2, 3]))).rejects.toThrow(
      'IntegerLookup layer "integerlookup": a number is not in the vocabulary, and num_oov_indices is 0.',
    );
  });
});

describe('masks of another kind than a layer takes', () => {
  test('a recurrent layer that is called for each step', async () => {
    const wrapper = layer('TimeDistributed', {name: 'each', layer: layer('LSTM', {units: 2})});
    const config = functional([
      input([3, 4, 2]),
      input([3], 'm'),
      called(wrapper, call([from('x')], {mask: from('m')})),
    ]);
    expect(await refusal(config)).toContain(
      'each: LSTM layer "lstm" takes a mask of its steps, [batch, steps], but is given one of the shape [].',
    );
  });

  test('attention', async () => {
    const attention = called(
      layer('MultiHeadAttention', {name: 'a', num_heads: 1, key_dim: 2}),
      call([from('x')]),
    );
    expect(await refusal(functional([input([3, 2]), attention]))).toContain(
      'MultiHeadAttention layer "a": expected a query and a value.',
    );
    const names = [['query', 'value'], ['attentionMask']] as never;
    const own = new MultiHeadAttention({name: 'b', numHeads: 1, keyDim: 2, inputNames: names});
    own.build([[1, 3, 2], [3]]);
    expect(() => own.call([tf.zeros([1, 3, 2]), tf.ones([3])])).toThrow(
      'MultiHeadAttention layer "b": a mask [3] does not fit attention weights [1,1,3,3].',
    );
    expect(() => own.call([tf.zeros([1, 3, 2]), tf.ones([1, 1, 1, 3, 3])])).toThrow('does not fit');
    tf.dispose(own.weights.map((weight) => weight.read()));
  });
});

describe('what is not to be had in training', () => {
  const x = () => tf.zeros([1, 4, 4, 1]);
  test('parts of images at random', () => {
    const crop = new RandomCrop({name: 'crop', height: 2, width: 2});
    expect((crop.apply(x()) as tf.Tensor).shape).toEqual([1, 2, 2, 1]);
    expect(() => crop.apply(x(), {training: true})).toThrow(
      'RandomCrop layer "crop": is not implemented in training, only in inference.',
    );
  });

  test.each(Object.keys(randomImageLayers))('%s', (name) => {
    const saved = {name: 'random', seed: 3, factor: [0, 1]};
    const random = new randomImageLayers[name](saved) as unknown as layers.Layer;
    expect(random.getClassName()).toBe(name);
    expect(random.getConfig()).toMatchObject(saved);
    expect((random.apply(x()) as tf.Tensor).shape).toEqual([1, 4, 4, 1]);
    expect(() => random.apply(x(), {training: true})).toThrow(
      `${name} layer "random": is the identity in inference, but in training it is not implemented. To ` +
        'train this model further, take the layer out of it, and augment the images before `fit`.',
    );
  });
});

test('a penalty on angles between the rows of what is no matrix', () => {
  expect(() => new OrthogonalRegularizer().apply(tf.zeros([2, 2, 2]))).toThrow(
    'OrthogonalRegularizer: a weight must be a matrix, but is [2,2,2].',
  );
});

test.each(['KerasCall', 'SpectralNormalization'])(
  '%s of a class that is not registered',
  async (class_name) => {
    const inner = {class_name: 'NeverRegistered', config: {name: 'b'}};
    const options = {name: 'a', batch_input_shape: [null, 2], call_arguments: {name: '{}'}};
    const config = {name: 's', layers: [{class_name, config: {...options, layer: inner}}]};
    const modelTopology = {model_config: {class_name: 'Sequential', config}};
    const artifacts = {modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0)};
    await expect(loadLayersModel(tf.io.fromMemory(artifacts))).rejects.toThrow(
      `${class_name} layer "a": the class NeverRegistered must be registered first, by ` +
        'tf.serialization.registerClass.',
    );
  },
);
