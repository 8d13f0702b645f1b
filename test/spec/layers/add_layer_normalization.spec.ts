/** The layer that adds and normalises: values, models, training, saving, masks, errors. */
import {
  AddLayerNormalization,
  addLayerNormalization,
  layerNormalization,
} from '../../../src/index.js';
import {tf} from '../../backends/current.js';
import {expectSame, inScope, tensor} from '../../support/layers.js';

/** The class as tfjs's types want it. */
const Class =
  AddLayerNormalization as tf.serialization.SerializableConstructor<AddLayerNormalization>;

/** A block of a transformer, without attention; `fused` says by which layers. */
function block(fused: boolean): tf.LayersModel {
  const dense = (seed: number) =>
    tf.layers.dense({units: 6, kernelInitializer: tf.initializers.glorotUniform({seed})});
  const x = tf.input({shape: [4, 6]});
  const branch = dense(1).apply(x) as tf.SymbolicTensor;
  const options = {epsilon: 1e-5, betaInitializer: 'ones'} as const;
  let [y, sum]: tf.SymbolicTensor[] = [];
  if (fused) {
    [y, sum] = addLayerNormalization(options).apply([x, branch]) as tf.SymbolicTensor[];
  } else {
    sum = tf.layers.add().apply([x, branch]) as tf.SymbolicTensor;
    y = layerNormalization(options).apply(sum) as tf.SymbolicTensor;
  }
  const outputs = tf.layers.add().apply([sum, dense(2).apply(y) as tf.SymbolicTensor]);
  return tf.model({inputs: x, outputs: outputs as tf.SymbolicTensor});
}

test('a model predicts, learns, and predicts then, as with Add and LayerNormalization', () =>
  inScope(async () => {
    const [x, targets] = [tensor([5, 4, 6]), tensor([5, 4, 6], 2)];
    const models = [block(true), block(false)];
    const predict = () => models.map((model) => model.predict(x) as tf.Tensor);
    const [first, expectedFirst] = predict();
    await expectSame(first, expectedFirst);
    for (const model of models) {
      model.compile({optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError'});
      await model.fit(x, targets, {epochs: 3, shuffle: false, verbose: 0});
    }
    const [trained, expectedTrained] = predict();
    await expectSame(trained, expectedTrained, 1e-5);
    const moved = tf.max(tf.abs(tf.sub(trained, first)));
    expect((await moved.data())[0]).toBeGreaterThan(1e-3);
  }));

test('a saved model loads with its weights and options', () =>
  inScope(async () => {
    const model = block(true);
    const x = tensor([2, 4, 6]);
    let artifacts: tf.io.ModelArtifacts = {};
    await model.save(
      tf.io.withSaveHandler(async (given) => {
        artifacts = JSON.parse(JSON.stringify({...given, weightData: undefined}));
        artifacts.weightData = given.weightData;
        return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
      }),
    );
    const again = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    expect(again.layers.map((layer) => layer.getClassName())).toContain('AddLayerNormalization');
    await expectSame(again.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor, 0);
  }));

test('its config is that of layer normalisation', () => {
  const options = {name: 'norm', axis: [1, 2], epsilon: 1e-5, center: false, trainable: false};
  const config = addLayerNormalization(options).getConfig();
  expect(config).toMatchObject(options);
  expect(config).toEqual(layerNormalization(options).getConfig());
  expect(AddLayerNormalization.fromConfig(Class, config).getConfig()).toEqual(config);
});

test('both outputs have the mask of x or, where it has none, of the residual', () =>
  inScope(() => {
    const [x, residual] = [tf.ones([1, 2]), tf.zeros([1, 2])];
    const layer = addLayerNormalization();
    expect(layer.computeMask([], [x, residual])).toEqual([x, x]);
    const none = null as unknown as tf.Tensor;
    expect(layer.computeMask([], [none, residual])).toEqual([residual, residual]);
    expect(layer.computeMask([], undefined)).toEqual([undefined, undefined]);
  }));

/** Gives the mask that it is handed. */
class ShowsMask extends tf.layers.Layer {
  static className = 'ShowsMask';

  override call(inputs: tf.Tensor[], {mask}: {mask?: tf.Tensor}): tf.Tensor {
    return tf.tidy(() => tf.cast(mask ?? tf.zerosLike(inputs[0]), 'float32'));
  }
}

test('masks reach what comes after, in a model', () =>
  inScope(async () => {
    const x = tf.input({shape: [3]});
    const embedded = tf.layers
      .embedding({inputDim: 5, outputDim: 4, maskZero: true})
      .apply(x) as tf.SymbolicTensor;
    const residual = tf.layers.dense({units: 4}).apply(embedded) as tf.SymbolicTensor;
    const [y] = addLayerNormalization().apply([embedded, residual]) as tf.SymbolicTensor[];
    const outputs = new ShowsMask({}).apply(y) as tf.SymbolicTensor;
    const model = tf.model({inputs: x, outputs});
    await expectSame(
      model.predict(tf.tensor2d([[1, 2, 0]])) as tf.Tensor,
      tf.tensor2d([[1, 1, 0]]),
    );
  }));

test('wrong inputs are refused', () =>
  inScope(() => {
    const layer = () => addLayerNormalization({name: 'norm'});
    const where = 'AddLayerNormalization layer "norm":';
    expect(() => layer().apply(tf.ones([2, 3]))).toThrow(
      `${where} expected 2 inputs, but was given 1.`,
    );
    expect(() => layer().apply([tf.ones([2, 3]), tf.ones([2, 1])])).toThrow(
      `${where} x [2,3] and the residual [2,1] must be of one shape.`,
    );
    expect(() => layer().apply([tf.ones([2, 3]), tf.ones([3])])).toThrow(
      `${where} x [2,3] and the residual [3] must be of one shape.`,
    );
  }));
