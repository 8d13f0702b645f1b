import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/**
 * Where tfjs is to save a model, or load it from: a folder with model.json and weights.bin.
 * @tensorflow/tfjs-node brings a handler for that; other tfjs in Node has none, so here is one.
 *
 * @param {typeof import('@tensorflow/tfjs')} tf
 * @param {string} folder
 * @returns {import('@tensorflow/tfjs').io.IOHandler}
 */
export function modelFiles(tf, folder) {
  const json = path.join(folder, 'model.json');
  const binary = path.join(folder, 'weights.bin');
  return {
    async save({weightData, weightSpecs, modelTopology, trainingConfig}) {
      const weightsManifest = [{paths: ['weights.bin'], weights: weightSpecs}];
      const model = {format: 'layers-model', modelTopology, trainingConfig, weightsManifest};
      mkdirSync(folder, {recursive: true});
      writeFileSync(json, JSON.stringify(model));
      writeFileSync(binary, Buffer.from(tf.io.CompositeArrayBuffer.join(weightData)));
      return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
    },
    async load() {
      const {modelTopology, trainingConfig, weightsManifest} = JSON.parse(
        readFileSync(json, 'utf8'),
      );
      const weightData = Uint8Array.from(readFileSync(binary)).buffer;
      return {modelTopology, trainingConfig, weightSpecs: weightsManifest[0].weights, weightData};
    },
  };
}
