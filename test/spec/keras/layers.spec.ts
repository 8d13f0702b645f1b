/** The layers that the entry for Keras adds, by themselves; keras.spec.ts holds them against Keras. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {
  MultiHeadAttention,
  type MultiHeadAttentionArgs,
} from '../../../src/keras/layers/attention/multi_head_attention.js';
import {GRU} from '../../../src/keras/layers/gru.js';
import {tf} from '../../backends/current.js';
import {apply, expectSame, inScope, tensor} from '../../support/layers.js';

describe('MultiHeadAttention', () => {
  const attention = (args: Partial<MultiHeadAttentionArgs> = {}) =>
    new MultiHeadAttention({numHeads: 2, keyDim: 3, ...args});

  test('leaves nothing but its output', () =>
    inScope(() => {
      const layer = attention({useCausalMask: true, dropout: 0.5});
      const x = tensor([2, 4, 6]);
      apply(layer, [x, x]).dispose();
      const before = tf.memory().numTensors;
      apply(layer, [x, x], {training: true}).dispose();
      expect(tf.memory().numTensors).toBe(before);
    }));

  test('with a causal mask no position sees a later one', () =>
    inScope(async () => {
      const layer = attention({useCausalMask: true});
      const x = tensor([1, 4, 6]);
      const changed = tf.concat([x.slice([0, 0, 0], [1, 3, 6]), tf.ones([1, 1, 6])], 1);
      const [y, other] = [x, changed].map((each) => apply(layer, [each, each]));
      await expectSame(other.slice([0, 0, 0], [1, 3, 6]), y.slice([0, 0, 0], [1, 3, 6]));
      const ends = [y, other].map((each) => each.slice([0, 3, 0]).data());
      const [last, otherLast] = await Promise.all(ends);
      expect(Array.from(last)).not.toEqual(Array.from(otherLast));
    }));

  test('a position masked in the value, the key or by an attention mask is as if it were not there', () =>
    inScope(async () => {
      const [query, value] = [tensor([1, 3, 6]), tensor([1, 4, 5], 2)];
      const plain = attention();
      const expected = apply(plain, [query, value.slice([0, 0, 0], [1, 3, 5])]);
      const mask = tf.tensor2d([[1, 1, 1, 0]]);
      for (const [name, given] of [
        ['valueMask', mask],
        ['keyMask', mask],
        ['attentionMask', tf.tile(mask.expandDims(1), [1, 3, 1])],
        ['valueMask', mask.cast('bool')],
      ] as const) {
        const layer = attention({inputNames: [['query'], ['value', 'key'], [name]]});
        await expectSame(apply(layer, [query, value, given]), expected, 1e-5);
      }
    }));

  test('has its options back from its config, and its gradient reaches every weight', () =>
    inScope(async () => {
      const layer = attention({
        valueDim: 2,
        outputShape: [2, 2],
        dropout: 0.1,
        useCausalMask: true,
        kernelInitializer: 'heNormal',
        biasRegularizer: 'l1l2',
        kernelConstraint: 'nonNeg',
        inputNames: [['query', 'value']],
      });
      const again = MultiHeadAttention.fromConfig(MultiHeadAttention, layer.getConfig());
      expect(again.getConfig()).toEqual(layer.getConfig());

      const x = tensor([2, 4, 6]);
      expect(apply(layer, [x]).shape).toEqual([2, 4, 2, 2]);
      expect(layer.computeOutputShape([2, 4, 6])).toEqual([2, 4, 2, 2]);
      const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
      expect(variables).toHaveLength(8);
      const {grads} = tf.variableGrads(() => tf.sum(tf.square(apply(layer, [x]))) as tf.Scalar);
      for (const variable of variables) {
        expect(grads[variable.name].shape).toEqual(variable.shape);
        // What is added to every key moves all scores alike: no gradient but rounding.
        if (variable.name.includes('key/bias')) continue;
        const [most] = await tf.max(tf.abs(grads[variable.name])).data();
        expect(most).toBeGreaterThan(1e-3);
      }
    }));

  test('has more than one dimension of positions', () =>
    inScope(async () => {
      const layer = attention();
      const x = tensor([2, 2, 3, 6]);
      const flat = x.reshape([2, 6, 6]);
      await expectSame(apply(layer, [x, x]).reshape([2, 6, 6]), apply(layer, [flat, flat]));
    }));

  test('says what is wrong with its options', () => {
    expect(() => attention({keyDim: 0.5})).toThrow(
      /layer "multi_head_attention_.*": keyDim must be a whole number above 0, but is 0.5\./,
    );
    expect(() => attention({inputNames: [['mask' as 'query']]})).toThrow('no input "mask"');
    expect(() =>
      attention({attentionAxes: 3}).build([
        [2, 3, 4, 5],
        [2, 3, 4, 5],
      ]),
    ).toThrow('attentionAxes must be among [1,2] for a query of rank 4, but is [3].');
  });
});

describe('GRU', () => {
  test('without resetAfter is the built-in', () =>
    inScope(async () => {
      const x = tensor([2, 4, 3]);
      const options = {units: 3, returnSequences: true, inputShape: [4, 3]};
      const layers = [new GRU(options), tf.layers.gru(options)];
      const [ours, builtIn] = layers.map((layer) => {
        const model = tf.sequential({layers: [layer]});
        model.setWeights(model.getWeights().map(({shape}, i) => tensor(shape, 10 + i)));
        return model.predict(x) as tf.Tensor;
      });
      expect(layers[1]).not.toBeInstanceOf(GRU);
      await expectSame(ours, builtIn);
    }));

  test('with resetAfter and dropout trains, and keeps its options', () =>
    inScope(async () => {
      const layer = new GRU({
        units: 3,
        resetAfter: true,
        dropout: 0.3,
        recurrentDropout: 0.3,
        inputShape: [4, 3],
      });
      const model = tf.sequential({layers: [layer]});
      model.compile({optimizer: 'sgd', loss: 'meanSquaredError'});
      const [x, y] = [tensor([2, 4, 3]), tensor([2, 3], 2)];
      await model.fit(x, y, {epochs: 2, verbose: 0});
      expect(layer.getConfig().resetAfter).toBe(true);
      expect(layer.getWeights().map(({shape}) => shape)).toEqual([
        [3, 9],
        [3, 9],
        [2, 9],
      ]);

      // Without training nothing is dropped: always the same.
      const [first, second] = [model.predict(x), model.predict(x)] as tf.Tensor[];
      await expectSame(first, second, 0);
    }));
});

test('LayerScale, as the ConvNeXt of keras.applications has it, scales each channel', async () => {
  const layer = (module: string, class_name: string, config: object) => ({
    ...{module, class_name, config},
    registered_name: class_name === 'InputLayer' ? null : class_name,
  });
  const config = {
    name: 'sequential',
    layers: [
      layer('keras.layers', 'InputLayer', {name: 'x', batch_shape: [null, 2]}),
      layer('keras.src.applications.convnext', 'LayerScale', {
        ...{name: 'scale', init_values: 1e-6, projection_dim: 2},
      }),
    ],
  };
  const model = await loadKerasModel(
    tf.io.fromMemory({
      modelTopology: {keras_version: '3.15.1', model_config: {class_name: 'Sequential', config}},
      weightSpecs: [{name: 'layers/layer_scale/vars/0', shape: [2], dtype: 'float32'}],
      weightData: Float32Array.of(3, -1).buffer,
    }),
  );
  const y = model.predict(tf.tensor2d([[1, 2]])) as tf.Tensor;
  expect(Array.from(await y.data())).toEqual([3, -2]);
  y.dispose();
  model.dispose();
});
