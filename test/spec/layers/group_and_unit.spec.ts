/** Group and unit normalisation: values, gradients, config and errors. */
import {
  GroupNormalization,
  groupNormalization,
  layerNorm,
  UnitNormalization,
  unitNormalization,
  usesFusedKernel,
} from '../../../src/index.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {apply, expectSame, inScope, tensor} from '../../support/layers.js';

/**
 * Group normalisation by its formula in float64, for x [batch, channels, places] and without gamma
 * and beta.
 */
function groupNorm(
  x: ArrayLike<number>,
  [batch, channels, places]: number[],
  groups: number,
  epsilon: number,
): number[] {
  const size = (channels / groups) * places;
  return Array.from({length: batch * groups}, (_, row) => {
    const values = Array.from({length: size}, (_, i) => x[row * size + i]);
    const mean = values.reduce((sum, v) => sum + v, 0) / size;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / size;
    return values.map((v) => (v - mean) / Math.sqrt(variance + epsilon));
  }).flat();
}

describe('GroupNormalization', () => {
  test.each([
    [2, 1],
    [6, 1],
    [3, 0.1],
  ])('with %d groups, channels first and epsilon %d, is its formula', (groups, epsilon) =>
    inScope(async () => {
      const x = tensor([2, 6, 2, 5]);
      const layer = groupNormalization({groups, axis: 1, epsilon});
      const y = apply(layer, [x]);
      const [gamma, beta] = await Promise.all(layer.getWeights().map((w) => w.data()));
      const normalized = groupNorm(await x.data(), [2, 6, 10], groups, epsilon);
      const channelOf = (i: number) => Math.floor(i / 10) % 6;
      const expected = normalized.map((v, i) => v * gamma[channelOf(i)] + beta[channelOf(i)]);
      expectClose(await y.data(), expected, 2e-6);
    }),
  );

  test.each([1, 2, 3])('the channels may be axis %d', (axis) =>
    inScope(async () => {
      const x = tensor([2, 4, 4, 4]);
      const perm = [0, ...[1, 2, 3].filter((a) => a !== axis), axis];
      const last = groupNormalization({groups: 2});
      const other = groupNormalization({groups: 2, axis});
      const back = tf.transpose(apply(other, [x]), perm);
      await expectSame(back, apply(last, [tf.transpose(x, perm)]), 2e-6);
      expect(other.getConfig().axis).toBe(axis);
    }),
  );

  test('of one group is layer normalisation over all but the batch', () =>
    inScope(async () => {
      const x = tensor([2, 3, 4]);
      const layer = new GroupNormalization({groups: 1, center: false, scale: false});
      await expectSame(apply(layer, [x]), layerNorm(x, {axis: [1, 2]}));
    }));

  test('of one channel a group, -1, is each channel alone', () =>
    inScope(async () => {
      const x = tensor([2, 3, 4]);
      const layer = groupNormalization({groups: -1, center: false, scale: false});
      await expectSame(apply(layer, [x]), layerNorm(x, {axis: 1}));
      expect(layer.getConfig().groups).toBe(4);
    }));

  test('runs as one kernel, and leaves nothing but its output', () =>
    inScope(async () => {
      const x = tensor([2, 3, 4]);
      const layer = new GroupNormalization({groups: 2});
      apply(layer, [x]).dispose();
      const before = tf.memory().numTensors;
      const {kernelNames} = await tf.profile(() => apply(layer, [x]));
      expect(tf.memory().numTensors).toBe(before + 1);
      if (usesFusedKernel()) expect(kernelNames).toContain('LayerNorm');
    }));

  test('a constraint of gamma holds while it learns', () =>
    inScope(async () => {
      const layer = groupNormalization({
        groups: 2,
        gammaConstraint: 'nonNeg',
        gammaRegularizer: 'l1l2',
        inputShape: [4],
      });
      const model = tf.sequential({layers: [layer]});
      model.compile({optimizer: tf.train.sgd(2), loss: 'meanSquaredError'});
      const x = tensor([8, 4]);
      await model.fit(x, tf.mul(x, -3), {epochs: 3, verbose: 0});
      const [gamma] = await Promise.all(layer.getWeights().map((w) => w.data()));
      expect(Math.abs(Math.min(...gamma))).toBe(0); // webgl gives −0
    }));

  test('has its options back from its config, and says which groups it cannot make', () => {
    const layer = new GroupNormalization({
      groups: 3,
      axis: 1,
      epsilon: 0.1,
      gammaConstraint: 'nonNeg',
    });
    const again = GroupNormalization.fromConfig(GroupNormalization, layer.getConfig());
    expect(again.getConfig()).toEqual(layer.getConfig());
    expect(() => layer.build([null, 4, 5])).toThrow(
      /layer "group_normalization_.*": groups must divide the 4 channels of axis 1, but is 3\./,
    );
    expect(() => groupNormalization({axis: 0, groups: 1}).build([4, 5])).toThrow(
      /layer "group_normalization_.*": axis 0 is the batch, not the channels\./,
    );
    for (const groups of [0, -2]) {
      expect(() => groupNormalization({groups}).build([null, 4])).toThrow(`but is ${groups}.`);
    }
    expect(() => groupNormalization().build([null, null])).toThrow('but is null');
    expect(() => groupNormalization({epsilon: -1})).toThrow('epsilon must be');
  });
});

describe('UnitNormalization', () => {
  test('gives vectors of length 1, and nothing for nothing', () =>
    inScope(async () => {
      const layer = new UnitNormalization();
      const x = tf.tensor2d([
        [3, 4],
        [0, 0],
      ]);
      expectClose(await apply(layer, [x]).data(), [0.6, 0.8, 0, 0], 1e-6);
    }));

  test('takes several axes together, and leaves nothing but its output', () =>
    inScope(async () => {
      const x = tensor([2, 3, 4]);
      const layer = unitNormalization({axis: [1, -1]});
      const before = tf.memory().numTensors;
      const y = apply(layer, [x]);
      expect(tf.memory().numTensors).toBe(before + 1);
      const lengths = tf.sqrt(tf.sum(tf.square(x), [1, 2], true));
      await expectSame(y, tf.div(x, lengths));
    }));

  test('has its options back from its config, which has no epsilon, as in Keras', () => {
    const layer = unitNormalization({axis: [1, 2]});
    const again = UnitNormalization.fromConfig(UnitNormalization, layer.getConfig());
    expect(again.getConfig()).toEqual(layer.getConfig());
    expect(layer.getConfig()).not.toHaveProperty('epsilon');
    expect(() => layer.build([null, 4])).toThrow('axis 2 is out of bounds');
  });

  test('which takes any size, having no weights', async () => {
    const input = tf.input({shape: [null, 2]});
    const layer = unitNormalization({axis: [1, 2]});
    const model = tf.model({inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor});
    const x = tf.tensor3d([
      [
        [3, 0],
        [0, 4],
      ],
    ]);
    const y = model.predict(x) as tf.Tensor;
    expectClose(await y.data(), [0.6, 0, 0, 0.8], 1e-6);
    tf.dispose([x, y]);
  });
});

test('models with both load again as they were, and pass masks on', () =>
  inScope(async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({inputDim: 5, outputDim: 4, maskZero: true, inputShape: [4]}),
        groupNormalization({groups: 2}),
        unitNormalization(),
        tf.layers.dense({units: 3}), // no recurrent layer: webgpu cannot run one with a mask
      ],
    });
    let artifacts: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (given) => {
        artifacts = JSON.parse(JSON.stringify({...given, weightData: null}));
        artifacts = {...artifacts, weightData: given.weightData};
        return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts as tf.io.ModelArtifacts));
    expect(loaded.layers[1]).toBeInstanceOf(GroupNormalization);
    expect(loaded.layers[2]).toBeInstanceOf(UnitNormalization);
    const x = tf.tensor2d([[1, 2, 3, 0]]);
    await expectSame(loaded.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor);
    // What follows the masked step is as if that were not there, but group normalisation sees it.
    const mask = tf.tensor2d([[1, 1, 1, 0]], [1, 4], 'bool');
    for (const layer of [model.layers[1], model.layers[2]]) {
      expect(layer.computeMask(tf.ones([1, 4, 4]), mask)).toBe(mask);
    }
  }));
