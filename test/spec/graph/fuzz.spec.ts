/**
 * Drawn functions with normalisations in many spellings, and with what only looks like one, give
 * TensorFlow's values; what is a normalisation is fused, and nothing else.
 */
import {loadGraphModel} from '../../../src/graph/index.js';
import {tf} from '../../backends/current.js';
import drawn from '../../fixtures/graph_fuzz.json';
import {expectClose} from '../../support/close.js';

interface Drawn {
  modelTopology: object;
  signature: {outputs: Record<string, unknown>};
  weightSpecs: tf.io.WeightsManifestEntry[];
  weights: string;
  inputs: Record<string, {shape: number[]; values: number[]}>;
  outputs: Record<string, {shape: number[]; values: number[]}>;
  fused: {atLeast: number; atMost: number};
}

const {inputs, outputs, fused, weights, ...rest} = drawn as unknown as Drawn;

test('drawn functions', async () => {
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
  for (const [i, name] of names.entries()) {
    expect([name, results[i].shape]).toEqual([name, outputs[name].shape]);
    expectClose(await results[i].data(), outputs[name].values, 1e-4);
  }
});
