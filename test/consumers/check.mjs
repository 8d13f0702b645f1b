/**
 * What every consumer does with the package, however it came by it. Copied into each project,
 * beside `models.mjs`, a Keras model and a graph model of the fixtures.
 */
import {graphModel, kerasModel} from './models.mjs';

/**
 * @param {object} tf
 * @param {object} library all that `tfjs-layernorm` exports
 * @param {object} [loaders] what its entries `graph` and `keras` export
 * @returns {Promise<object>} the report that scripts/consumers.mjs looks at
 */
export async function check(tf, library, loaders = {}) {
  const {LayerNormalization, layerNorm, layerNormalization, usesFusedKernel} = library;
  const row = await layerNorm([[1, 3]], {epsilon: 0}).data();

  // From some other weights twenty epochs do not help.
  const seeded = (seed) => tf.initializers.glorotUniform({seed});
  const model = tf.sequential({
    layers: [
      tf.layers.dense({units: 4, inputShape: [2], kernelInitializer: seeded(1)}),
      layerNormalization(),
      tf.layers.dense({units: 1, kernelInitializer: seeded(2)}),
    ],
  });
  model.compile({optimizer: tf.train.adam(0.1), loss: 'meanSquaredError'});
  const x = tf.tensor2d([0, 1, 2, 3, 4, 6], [3, 2]);
  const y = tf.tensor2d([1, -1, 2], [3, 1]);
  const {loss} = (await model.fit(x, y, {epochs: 20, verbose: 0})).history;

  let saved;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
    }),
  );
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved));
  const isLoadedAsOurs = loaded.layers[1] instanceof LayerNormalization;
  const difference = await largestDifference(loaded.predict(x), await model.predict(x).data());

  return {
    backend: tf.getBackend(),
    isFused: usesFusedKernel(),
    row: Array.from(row),
    isTrained: loss.at(-1) < loss[0],
    isLoadedAsOurs,
    difference,
    ...(await checkModelFiles(tf, loaders)),
  };
}

async function checkModelFiles(tf, {fuseGraph, loadKerasModel}) {
  const errors = {};
  if (loadKerasModel) {
    const {files, xs, ys} = kerasModel;
    const model = await loadKerasModel(bytesOf(files.keras));
    errors.kerasError = await largestDifference(model.predict(tensor(tf, xs[0])), ys[0].values);
  }
  if (fuseGraph) {
    const {weights, x, y, modelTopology, signature, weightSpecs} = graphModel;
    const weightData = bytesOf(weights).buffer;
    const handler = {load: async () => ({modelTopology, signature, weightSpecs, weightData})};
    const model = await tf.loadGraphModel(fuseGraph(handler));
    errors.graphError = await largestDifference(model.predict(tensor(tf, x)), y.values);
  }
  return errors;
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

const tensor = (tf, {values, shape, dtype}) => tf.tensor(values, shape, dtype);

async function largestDifference(actual, expected) {
  const values = await actual.data();
  if (values.length !== expected.length) return Number.NaN;
  return Math.max(...Array.from(values, (value, i) => Math.abs(value - expected[i])));
}
