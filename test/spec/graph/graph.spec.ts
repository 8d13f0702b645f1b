/** Graph models of Keras and Flax give, once fused, the values of their makers on every backend. */
import {type FusionReport, loadGraphModel} from '../../../src/graph/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {artifactsOf, graphFixtures} from '../../fixtures/graph/index.js';
import {expectClose} from '../../support/close.js';
import {type ExpectedOptions, expectedForward, rowIndices} from '../../support/expected.js';
import {builtGraph, patternGraphs, shape} from '../../support/pattern_graphs.js';

/** Every normalisation of each model, by the pattern that the converter left of it. */
const patterns: Record<string, FusionReport['patterns']> = {
  flax_mlp: {onePass: 2},
  flax_residual: {onePass: 2},
  flax_rms: {rmsNorm: 1},
  keras2_convnext_block: {keras2: 1},
  keras2_encoder: {fusedBatchNorm: 2, keras2: 2},
  keras2_in_functions: {fusedBatchNorm: 2, keras2: 2},
  keras2_mlp: {fusedBatchNorm: 2},
  keras2_no_center_no_scale: {fusedBatchNorm: 3, keras2: 1, keras3: 2},
  keras2_other_axes: {keras2: 2},
  keras2_small_epsilon: {keras2: 1},
  keras2_trailing_axes: {fusedBatchNorm: 2},
  keras3_axes: {keras3: 3},
  keras3_encoder: {keras3: 4},
  keras3_mlp: {keras3: 2},
  keras3_no_center_no_scale: {keras3: 3},
  keras3_residual: {keras3: 3, rmsNorm: 1},
  keras3_rms: {rmsNorm: 2},
  keras3_rms_scaling: {rmsScaling: 1},
};

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});

for (const fixture of graphFixtures) {
  test(`${fixture.name} gives the values of ${fixture.source}`, async () => {
    const {name, x, y} = fixture;
    const before = tf.memory().numTensors;
    const model = await loadGraphModel(tf.io.fromMemory(artifactsOf(fixture)));
    expect(model.metadata.layerNorm.patterns).toEqual(patterns[name]);

    const input = tf.tensor(x.values, x.shape, x.dtype as 'float32' | 'int32');
    const hasBranches = name === 'keras2_in_functions' || name.startsWith('flax');
    const output = await (hasBranches ? model.executeAsync(input) : model.execute(input));
    if (Array.isArray(output)) throw new Error('One output was expected.');
    expect(output.shape).toEqual(y.shape);
    expectClose(await output.data(), y.values, 1e-5);

    tf.dispose([input, output]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
}

describe('each pattern, written by hand, gives the values of the reference:', () => {
  const random = new Random(62);
  const size = shape.reduce((n, dim) => n * dim, 1);
  const [values, residual] = [random.normal(size, 1), random.normal(size)];

  for (const example of patternGraphs) {
    test(`${example.pattern}, ${example.name}`, async () => {
      const {pattern, axes, epsilon, gamma, beta, stays = []} = example;
      const hasResidual = stays.includes('residual');
      const model = await loadGraphModel(tf.io.fromMemory(builtGraph(example).artifacts(['out'])));
      const x = tf.tensor(values, shape);
      const output = model.execute(
        hasResidual ? {x, residual: tf.tensor(residual, shape)} : {x},
      ) as InstanceType<typeof tf.Tensor>;

      const options = {shape, axes, gamma, beta, epsilon, center: pattern !== 'rmsNorm'};
      const expected =
        pattern === 'rmsScaling'
          ? expectedRmsScaling(values, options)
          : expectedForward(values, options).map((y, i) => y + (hasResidual ? residual[i] : 0));
      expect(output.shape).toEqual(shape);
      expectClose(await output.data(), expected, 1e-5);
    });
  }
});

/** γ·x / √(σ² + ε), σ² about the mean, x not centred. */
function expectedRmsScaling(x: Float32Array, options: ExpectedOptions): Float64Array {
  const expected = new Float64Array(x.length);
  for (const indices of rowIndices(options.shape, options.axes)) {
    const row = indices.map((index) => x[index]);
    const plain = {cols: row.length, epsilon: options.epsilon, center: true};
    const [rstd] = reference.forward(row, plain).rstd;
    indices.forEach((index, i) => {
      expected[index] = row[i] * rstd * (options.gamma?.[i] ?? 1);
    });
  }
  return expected;
}
