/** From a file of Keras to a model of tfjs: reads it, translates its config, gives it the weights. */
import * as tf from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {translateModel} from './config.js';
import {type Hdf5Model, readHdf5} from './hdf5.js';
import {type KerasSource, readSource} from './source.js';
import {assignWeights} from './weights.js';
import {unzipKeras} from './zip.js';

/**
 * Opens a model saved by Keras 2 or 3 as `.keras` or `.h5`. Layers that tfjs lacks need their class
 * registered first, with `tf.serialization.registerClass`.
 *
 * @param source a path (Node), URL, File or Blob, or the bytes.
 * @returns an ordinary layers model, in float32, not compiled.
 * @throws Error The file cannot be read or is no model, a layer is unknown, or weights do not fit.
 *     No tensor of it is then left.
 */
export async function loadKerasModel(source: KerasSource): Promise<LayersModel> {
  const {config, file} = await open(await readSource(source));
  const modelTopology = {model_config: translateModel(JSON.parse(config))};
  const {registeredVariables} = tf.engine().state;
  const before = new Set(Object.keys(registeredVariables));
  try {
    const model = await loadLayersModel({load: async () => ({modelTopology})});
    assignWeights(model, file);
    return model;
  } catch (error) {
    for (const [name, variable] of Object.entries(registeredVariables)) {
      if (!before.has(name)) variable.dispose();
    }
    throw new Error(`loadKerasModel: ${(error as Error).message}`);
  }
}

async function open(bytes: Uint8Array): Promise<{config: string; file: Hdf5Model}> {
  try {
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
      const {config, weights} = await unzipKeras(bytes);
      return {config, file: await readHdf5(weights)};
    }
    const file = await readHdf5(bytes);
    if (!file.config) throw new Error('the HDF5 file holds no model config.');
    return {config: file.config, file};
  } catch (error) {
    throw new Error(`loadKerasModel: ${(error as Error).message ?? error}`);
  }
}
