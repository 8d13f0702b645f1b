/** The layer: its config, its place in models, training, saving, and the built-in's place taken. */
import {
  LayerNormalization,
  layerNorm,
  layerNormalization,
  RMSNormalization,
  rmsNormalization,
} from '../../../src/index.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {apply, expectSame, inScope} from '../../support/layers.js';

const StockLayerNormalization = tf.layers.layerNormalization()
  .constructor as tf.serialization.SerializableConstructor<tf.layers.Layer>;

function tensor(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(new Random(seed).normal(tf.util.sizeFromShape(shape)), shape);
}

async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (given) => {
    artifacts = given;
    return {
      modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'},
    };
  });
  await model.save(handler);
  return artifacts as tf.io.ModelArtifacts;
}

function reloaded(artifacts: tf.io.ModelArtifacts): Promise<tf.LayersModel> {
  // As through a file: what is saved must survive JSON.
  const topology = JSON.parse(JSON.stringify(artifacts.modelTopology));
  return tf.loadLayersModel(tf.io.fromMemory({...artifacts, modelTopology: topology}));
}

/** A layer that was built but never applied refuses `dispose`; its weights do not. */
function disposeWeights(layer: tf.layers.Layer): void {
  for (const weight of layer.weights) weight.dispose();
}

function predictionOf(model: tf.LayersModel, x: tf.Tensor): number[] {
  return tf.tidy(() => Array.from((model.predict(x) as tf.Tensor).dataSync()));
}

describe('config', () => {
  const full = {
    name: 'norm',
    axis: [-1, 1],
    epsilon: 1e-5,
    center: true,
    scale: true,
    betaInitializer: {className: 'Constant', config: {value: 0.5}},
    gammaInitializer: {
      className: 'RandomNormal',
      config: {mean: 1, stddev: 0.1, seed: 3},
    },
    betaRegularizer: {className: 'L1L2', config: {l1: 0.1, l2: 0.2}},
    gammaRegularizer: {className: 'L1L2', config: {l1: 0.3, l2: 0.4}},
    betaConstraint: {className: 'MaxNorm', config: {maxValue: 3, axis: 0}},
    gammaConstraint: {className: 'NonNeg', config: {}},
    rmsScaling: true,
    trainable: false,
  };
  type Args = Parameters<typeof layerNormalization>[0];

  test('every key comes back from getConfig', () => {
    const config = layerNormalization(full as unknown as Args).getConfig();
    expect(config).toMatchObject(full);
  });

  test('fromConfig of getConfig is the same layer', () => {
    const config = layerNormalization(full as unknown as Args).getConfig();
    const again = LayerNormalization.fromConfig(
      LayerNormalization as tf.serialization.SerializableConstructor<LayerNormalization>,
      config,
    );
    expect(again.getConfig()).toEqual(config);
  });

  test('Keras’s spelling is understood', () => {
    const layer = LayerNormalization.fromConfig(
      LayerNormalization as tf.serialization.SerializableConstructor<LayerNormalization>,
      {
        name: 'norm',
        axis: [1],
        rms_scaling: true,
        gamma_initializer: {class_name: 'Constant', config: {value: 2}},
        beta_constraint: {
          class_name: 'MaxNorm',
          config: {max_value: 3, axis: 0},
        },
        gamma_regularizer: {
          class_name: 'L1L2',
          config: {l1: 0.25, l2: 0.5},
        },
      },
    );
    expect(layer.getConfig()).toMatchObject({
      axis: [1],
      rmsScaling: true,
      gammaInitializer: {className: 'Constant', config: {value: 2}},
      betaConstraint: {
        className: 'MaxNorm',
        config: {maxValue: 3, axis: 0},
      },
      gammaRegularizer: {className: 'L1L2', config: {l1: 0.25, l2: 0.5}},
    });
  });

  test('the defaults are Keras’s', () => {
    expect(layerNormalization().getConfig()).toMatchObject({
      axis: -1,
      epsilon: 1e-3,
      center: true,
      scale: true,
      betaInitializer: {className: 'Zeros', config: {}},
      gammaInitializer: {className: 'Ones', config: {}},
      betaRegularizer: null,
      gammaRegularizer: null,
      betaConstraint: null,
      gammaConstraint: null,
    });
    expect(rmsNormalization().getConfig()).toMatchObject({
      axis: -1,
      epsilon: 1e-6,
    });
  });

  test('has the keys that the built-in layer’s has', () => {
    const stock = Object.keys(tf.layers.layerNormalization().getConfig());
    expect(Object.keys(layerNormalization().getConfig())).toEqual(expect.arrayContaining(stock));
  });

  test('a config of objects without a prototype is understood', () => {
    const gammaInitializer = Object.create(null);
    Object.assign(gammaInitializer, {class_name: 'Constant', config: {value: 2}});
    expect(layerNormalization({gammaInitializer}).getConfig()).toMatchObject({
      gammaInitializer: {className: 'Constant', config: {value: 2}},
    });
  });

  test('what is done to a config does not reach the layer', () => {
    const layer = layerNormalization({axis: [1, 2]});
    (layer.getConfig().axis as number[]).push(3);
    expect(layer.getConfig().axis).toEqual([1, 2]);
  });

  test('a layer leaves the names of other layers alone', () => {
    const numberOf = ({name}: tf.layers.Layer) => Number(name.split('_').at(-1));
    const before = numberOf(tf.layers.batchNormalization());
    layerNormalization();
    expect(numberOf(tf.layers.batchNormalization())).toBe(before + 1);
  });

  test('the caller’s array of axes stays as it was', () => {
    const axis = [-1, 1];
    const layer = layerNormalization({axis});
    layer.build([null, 4, 3]);
    expect(axis).toEqual([-1, 1]);
    expect(layer.getConfig().axis).toEqual([-1, 1]);
    disposeWeights(layer);
  });

  test('a layer over the last axis takes inputs of several ranks, as in Keras 3', () =>
    inScope(async () => {
      const layer = layerNormalization();
      const x = tensor([2, 3, 4]);
      const rows = tf.reshape(x, [6, 4]);
      await expectSame(tf.reshape(apply(layer, [x]), [6, 4]), apply(layer, [rows]));
    }));
});

describe('weights', () => {
  test.each([
    [{}, ['gamma', 'beta']],
    [{center: false}, ['gamma']],
    [{scale: false}, ['beta']],
    [{center: false, scale: false}, []],
    [{rmsScaling: true}, ['gamma']],
    [{rmsScaling: true, scale: false}, ['gamma']],
  ])('%j has %j', (args, names) => {
    const layer = layerNormalization(args);
    layer.build([null, 4]);
    expect(layer.weights.map((weight) => weight.originalName)).toEqual(names);
    disposeWeights(layer);
  });

  test('have the normalised dimensions in the order of axis', () => {
    const layer = layerNormalization({axis: [3, 1]});
    layer.build([null, 3, 4, 5]);
    expect(layer.weights.map((weight) => weight.shape)).toEqual([
      [5, 3],
      [5, 3],
    ]);
    disposeWeights(layer);
  });

  test('an output is the op’s with these weights', () => {
    const [y, expected] = tf.tidy(() => {
      const x = tensor([2, 3, 4]);
      const [gamma, beta] = [tensor([3, 4], 2), tensor([3, 4], 3)];
      const layer = layerNormalization({axis: [1, 2], epsilon: 0.1});
      layer.build(x.shape);
      layer.setWeights([gamma, beta]);
      const result = [layer.apply(x), layerNorm(x, {gamma, beta, axis: [1, 2], epsilon: 0.1})];
      const data = result.map((t) => Array.from((t as tf.Tensor).dataSync()));
      disposeWeights(layer);
      return data;
    });
    expect(y).toEqual(expected);
  });
});

describe('in the built-in layer’s place', () => {
  const build = (norm: (args?: {axis?: number[]}) => tf.layers.Layer) =>
    tf.sequential({
      layers: [
        tf.layers.dense({units: 6, inputShape: [3, 4], activation: 'relu'}),
        norm(),
        norm({axis: [1, 2]}),
        tf.layers.flatten(),
        tf.layers.dense({units: 2}),
      ],
    });
  const shuffleWeights = (model: tf.LayersModel) =>
    tf.tidy(() => model.setWeights(model.getWeights().map((w, i) => tensor(w.shape, i))));

  test('a model saved by stock tfjs loads as this class, and predicts the same', async () => {
    const model = build((args) => tf.layers.layerNormalization(args));
    shuffleWeights(model);
    const loaded = await reloaded(await saved(model));
    expect(loaded.layers[1]).toBeInstanceOf(LayerNormalization);
    const x = tensor([5, 3, 4]);
    expectClose(predictionOf(loaded, x), predictionOf(model, x), 2e-5);
    for (const t of [x, model, loaded]) t.dispose();
  });

  test('a model saved with this class loads in stock tfjs, and predicts the same', async () => {
    const model = build(layerNormalization);
    shuffleWeights(model);
    const artifacts = await saved(model);
    tf.serialization.registerClass(StockLayerNormalization);
    const loaded = await reloaded(artifacts).finally(() =>
      tf.serialization.registerClass(LayerNormalization),
    );
    expect(loaded.layers[1]).toBeInstanceOf(StockLayerNormalization);
    const x = tensor([5, 3, 4]);
    expectClose(predictionOf(loaded, x), predictionOf(model, x), 2e-5);
    for (const t of [x, model, loaded]) t.dispose();
  });

  test('a model with every option loads again as it was', async () => {
    const model = tf.sequential({
      layers: [
        layerNormalization({
          inputShape: [4],
          epsilon: 1e-6,
          scale: false,
          betaInitializer: tf.initializers.constant({value: 0.5}),
          betaRegularizer: tf.regularizers.l1l2({l1: 0.1, l2: 0.2}),
          betaConstraint: tf.constraints.nonNeg(),
        }),
        layerNormalization({rmsScaling: true}),
        rmsNormalization({epsilon: 1e-5}),
      ],
    });
    const loaded = await reloaded(await saved(model));
    expect(loaded.layers.map((layer) => layer.getConfig())).toEqual(
      model.layers.map((layer) => layer.getConfig()),
    );
    expect(loaded.layers[2]).toBeInstanceOf(RMSNormalization);
    const x = tensor([5, 4]);
    expectClose(predictionOf(loaded, x), predictionOf(model, x), 1e-6);
    for (const t of [x, model, loaded]) t.dispose();
  });
});

describe('masks', () => {
  test('pass through to the layers after it', () => {
    class MaskReader extends tf.layers.Layer {
      static className = 'MaskReader';
      mask: unknown;
      override supportsMasking = true;

      override call(inputs: tf.Tensor | tf.Tensor[], {mask}: {mask?: tf.Tensor}) {
        this.mask = mask?.arraySync();
        return inputs;
      }
    }
    const reader = new MaskReader({});
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({inputDim: 5, outputDim: 4, maskZero: true, inputShape: [4]}),
        layerNormalization(),
        rmsNormalization(),
        reader,
      ],
    });
    tf.tidy(() => {
      model.predict(tf.tensor2d([[1, 2, 0, 0]]));
    });
    expect(reader.mask).toEqual([[1, 1, 0, 0]]);
    model.dispose();
  });

  test.each([
    ['LayerNormalization', layerNormalization],
    ['RMSNormalization', rmsNormalization],
  ])('computeMask of %s gives the mask back', (_, create) => {
    tf.tidy(() => {
      const mask = tf.tensor2d([[1, 0]], [1, 2], 'bool');
      expect(create().computeMask(tf.ones([1, 2, 3]), mask)).toBe(mask);
    });
  });
});

describe('training', () => {
  const x = () => tensor([24, 5], 4);
  const target = () => tf.tidy(() => tf.sum(tf.square(x()), 1, true));

  async function losses(model: tf.LayersModel, epochs = 3): Promise<number[]> {
    model.compile({optimizer: tf.train.adam(0.02), loss: 'meanSquaredError'});
    const [inputs, targets] = [x(), target()];
    const history = await model.fit(inputs, targets, {
      epochs,
      batchSize: 8,
      shuffle: false,
      verbose: 0,
    });
    tf.dispose([inputs, targets]);
    return history.history.loss as number[];
  }

  test('a sequential model learns, and gamma and beta move', async () => {
    const norm = layerNormalization();
    const seed = 1;
    const model = tf.sequential({
      layers: [
        tf.layers.dense({
          units: 8,
          inputShape: [5],
          kernelInitializer: tf.initializers.glorotUniform({seed}),
        }),
        norm,
        tf.layers.dense({
          units: 1,
          activation: 'relu',
          kernelInitializer: tf.initializers.ones(),
        }),
      ],
    });
    const loss = await losses(model);
    expect(loss[loss.length - 1]).toBeLessThan(loss[0]);
    const [gamma, beta] = norm.getWeights().map((w) => Array.from(w.dataSync()));
    expect(Math.max(...gamma.map((v) => Math.abs(v - 1)))).toBeGreaterThan(1e-3);
    expect(Math.max(...beta.map(Math.abs))).toBeGreaterThan(1e-3);
    model.dispose();
  });

  test('a functional model with a residual learns', async () => {
    const input = tf.input({shape: [5]});
    const dense = tf.layers.dense({
      units: 5,
      kernelInitializer: tf.initializers.identity({}),
    });
    const hidden = dense.apply(rmsNormalization().apply(input)) as tf.SymbolicTensor;
    const added = tf.layers.add().apply([input, hidden]) as tf.SymbolicTensor;
    const normalized = layerNormalization().apply(added);
    const output = tf.layers
      .dense({units: 1, kernelInitializer: 'ones'})
      .apply(normalized) as tf.SymbolicTensor;
    const model = tf.model({inputs: input, outputs: output});
    const loss = await losses(model);
    expect(loss[loss.length - 1]).toBeLessThan(loss[0]);
    model.dispose();
  });

  test('beside timeDistributed and bidirectional, learns and predicts after a reload', async () => {
    const seed = 1;
    const model = tf.sequential({
      layers: [
        tf.layers.timeDistributed({
          layer: layerNormalization(),
          inputShape: [4, 3],
        }),
        tf.layers.bidirectional({
          layer: tf.layers.gru({
            units: 3,
            returnSequences: true,
            kernelInitializer: tf.initializers.glorotUniform({seed}),
            recurrentInitializer: tf.initializers.orthogonal({seed}),
          }),
        } as never),
        layerNormalization(),
        tf.layers.timeDistributed({
          layer: tf.layers.dense({units: 1, kernelInitializer: 'ones'}),
        }),
      ],
    });
    model.compile({optimizer: tf.train.adam(0.05), loss: 'meanSquaredError'});
    const [inputs, targets] = [tensor([6, 4, 3]), tensor([6, 4, 1], 2)];
    const {history} = await model.fit(inputs, targets, {
      epochs: 3,
      verbose: 0,
    });
    const loss = history.loss as number[];
    expect(loss[2]).toBeLessThan(loss[0]);
    const loaded = await reloaded(await saved(model));
    expectClose(predictionOf(loaded, inputs), predictionOf(model, inputs), 1e-6);
    tf.dispose([inputs, targets]);
    model.dispose();
    loaded.dispose();
  });

  test('a regulariser adds to the loss', async () => {
    const lossWith = async (gammaRegularizer?: 'l1l2') => {
      const model = tf.sequential({
        layers: [layerNormalization({inputShape: [5], gammaRegularizer})],
      });
      model.compile({optimizer: tf.train.sgd(0), loss: 'meanSquaredError'});
      const input = tensor([2, 5]);
      const {history} = await model.fit(input, input, {
        epochs: 1,
        verbose: 0,
      });
      input.dispose();
      model.dispose();
      return (history.loss as number[])[0];
    };
    // Five gammas of 1, and the defaults l1 = l2 = 0.01.
    expectClose([(await lossWith('l1l2')) - (await lossWith())], [5 * 0.01 + 5 * 0.01], 1e-5);
  });

  test('a constraint holds after training', async () => {
    const norm = layerNormalization({
      inputShape: [5],
      gammaConstraint: tf.constraints.nonNeg(),
      betaConstraint: tf.constraints.nonNeg(),
    });
    const subtract = tf.layers.dense({
      units: 1,
      trainable: false,
      kernelInitializer: tf.initializers.constant({value: -1}),
    });
    const model = tf.sequential({layers: [norm, subtract]}); // targets > 0 push beta below 0
    await losses(model, 6);
    expect(Math.min(...norm.getWeights()[1].dataSync())).toBeCloseTo(0, 30); // else nothing was constrained
    for (const weight of norm.getWeights()) {
      expect(Math.min(...weight.dataSync())).toBeGreaterThanOrEqual(0);
    }
    model.dispose();
  });

  test('a frozen layer stays as it was while the others learn', async () => {
    const norm = layerNormalization({inputShape: [5], trainable: false});
    const model = tf.sequential({
      layers: [norm, tf.layers.dense({units: 1})],
    });
    expect(model.trainableWeights).toHaveLength(2);
    await losses(model, 3);
    const [gamma, beta] = norm.getWeights().map((w) => Array.from(w.dataSync()));
    expect(gamma).toEqual([1, 1, 1, 1, 1]);
    expect(beta).toEqual([0, 0, 0, 0, 0]);
    model.dispose();
  });

  test('the same steps as with the built-in layer', async () => {
    const run = async (norm: tf.layers.Layer) => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({
            units: 7,
            inputShape: [5],
            kernelInitializer: 'ones',
          }),
          norm,
          tf.layers.dense({units: 1, kernelInitializer: 'ones'}),
        ],
      });
      const rows = [tensor([24, 5], 4), target()];
      model.compile({
        optimizer: tf.train.sgd(0.05),
        loss: 'meanSquaredError',
      });
      tf.tidy(() => model.setWeights(model.getWeights().map((w, i) => tensor(w.shape, i + 10))));
      const {history} = await model.fit(rows[0], rows[1], {
        epochs: 4,
        shuffle: false,
        verbose: 0,
      });
      tf.dispose(rows);
      model.dispose();
      return history.loss as number[];
    };
    expectClose(await run(layerNormalization()), await run(tf.layers.layerNormalization()), 1e-4);
  });
});
