/**
 * Drawn functions with normalisations in many spellings, and with what only looks like one, give
 * TensorFlow's values; what is a normalisation is fused, and nothing else. The fixture is one model;
 * `npm run fuzz:graphs -- --backend webgl` runs these tests with a list of others in its place.
 */
import {loadGraphModel} from '../../../src/graph/index.js';
import {tf} from '../../backends/current.js';
import fixture from '../../fixtures/graph_fuzz.json';
import {maxError} from '../../support/close.js';

interface Drawn {
  modelTopology: object;
  signature: {outputs: Record<string, unknown>};
  weightSpecs: tf.io.WeightsManifestEntry[];
  weights: string;
  inputs: Record<string, {shape: number[]; values: number[]}>;
  outputs: Record<string, {shape: number[]; values: number[]}>;
  fused: {atLeast: number; atMost: number};
}

const models = [fixture].flat() as unknown as Drawn[];

test.each(models.map((model, i) => [i, model] as const))(
  'drawn functions, %i',
  async (_, drawn) => {
    const {inputs, outputs, fused, weights, ...rest} = drawn;
    jest.spyOn(console, 'debug').mockImplementation(() => {});
    const weightData = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0)).buffer;
    const model = await loadGraphModel(tf.io.fromMemory({...rest, weightData}));
    expect(model.metadata.layerNorm.fused).toBeGreaterThanOrEqual(fused.atLeast);
    expect(model.metadata.layerNorm.fused).toBeLessThanOrEqual(fused.atMost);

    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, {shape, values}]) => [name, tf.tensor(values, shape)]),
    );
    const names = Object.keys(outputs);
    const results = model.execute(tensors, names) as InstanceType<typeof tf.Tensor>[];
    const wrong: string[] = [];
    for (const [i, name] of names.entries()) {
      const {shape, values} = outputs[name];
      expect([name, results[i].shape]).toEqual([name, shape]);
      const error = maxError(await results[i].data(), values);
      if (!(error <= 1e-4)) wrong.push(`${name}: ${error}`);
    }
    expect(wrong).toEqual([]);
    model.dispose();
    tf.dispose([Object.values(tensors), results]);
  },
);
