/** Opens the model files that a reader drops: of Keras, or of tfjs. */
import * as tf from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {type FusedGraphModel, loadGraphModel} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';

export type OpenedModel =
  | {kind: 'layers'; model: LayersModel}
  | {kind: 'graph'; model: FusedGraphModel};

/**
 * @param onProgress is told the part that is done, from 0 to 1
 * @throws Error What they are is not known, or they cannot be read.
 */
export async function openModel(
  files: File[],
  onProgress: (done: number) => void,
): Promise<OpenedModel> {
  const named = (pattern: RegExp) => files.find(({name}) => pattern.test(name));
  const keras = named(/\.(keras|h5|hdf5)$/i);
  if (keras) return {kind: 'layers', model: await loadKerasModel(keras, {onProgress})};
  const json = named(/\.json$/i);
  if (!json) {
    throw new Error(
      `Expected a .keras or .h5 file, or a model.json with its .bin files, but got ` +
        `${files.map(({name}) => name).join(', ')}.`,
    );
  }
  const handler = tf.io.browserFiles([json, ...files.filter((file) => file !== json)]);
  const {modelTopology} = JSON.parse(await json.text());
  if (modelTopology?.node) return {kind: 'graph', model: await loadGraphModel(handler)};
  return {kind: 'layers', model: await loadLayersModel(handler)};
}
