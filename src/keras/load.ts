/** From a file of Keras to a model of tfjs: reads it, translates its config, gives it the weights. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {checkModel, checkTraining} from './config/check.js';
import {assumedVersion} from './config/old_forms.js';
import type {Json, SavedLayer} from './config/saved.js';
import {translateModel} from './config/translate.js';
import {readVersion} from './config/version.js';
import {buildModel} from './model/build.js';
import {compileAsSaved} from './model/compile.js';
import {type CustomObjects, withCustomObjects} from './model/custom_objects.js';
import {assignWeights, countValues, type StoredWeights} from './model/weights/index.js';
import {readHdf5} from './read/hdf5.js';
import {modelJsonHandler, parseJson, readWeights} from './read/model_json.js';
import {isHandler, type KerasSource, readSource} from './read/source.js';
import {unzipKeras} from './read/zip.js';

/** What a file holds, of whichever kind it is. */
interface KerasFile {
  model: SavedLayer;
  kerasVersion: string;
  /** How the model was compiled, if it was. */
  training?: Json;
  weights: StoredWeights;
}

/** What `loadKerasModel` takes besides the source. */
export interface LoadKerasModelOptions {
  /** Compile the model as it was saved, where tfjs has the same optimiser and losses. Default: true. */
  compile?: boolean;
  /**
   * The classes of layers of your own, by the names that Python saved: the class's name, or with its
   * package as in `@keras.saving.register_keras_serializable`, such as `'Custom>Block'`. Others must
   * be registered before, with `tf.serialization.registerClass`.
   */
  customObjects?: CustomObjects;
}

/**
 * Opens a model saved by Keras 2 or 3 as `.keras` or `.h5`, or as the `model.json` that tfjs's
 * converter makes of these.
 *
 * ```js
 * const model = await loadKerasModel('https://example.com/mlp.keras');
 * model.inputs[0].shape; // [null, 6]
 * model.predict(tf.zeros([2, 6])).shape; // [2, 3]
 * ```
 *
 * @param source a path (Node), URL, File or Blob, the bytes, or a handler of tfjs (`tf.io`).
 * @param options as those of `keras.saving.load_model`
 * @returns an ordinary layers model, in float32; compiled as in Keras, where tfjs has the same
 *     optimiser and losses.
 * @throws Error The file cannot be read or is no model, a layer is unknown or can do what tfjs
 *     cannot, or weights do not fit. No tensor of it is then left.
 */
export async function loadKerasModel(
  source: KerasSource,
  options: LoadKerasModelOptions = {},
): Promise<LayersModel> {
  try {
    return await build(await open(source), options);
  } catch (error) {
    throw new Error(`loadKerasModel: ${(error as Error)?.message ?? error}`, {cause: error});
  }
}

async function build(
  {model, kerasVersion, training, weights}: KerasFile,
  {compile = true, customObjects = {}}: LoadKerasModelOptions,
): Promise<LayersModel> {
  const version = readVersion(kerasVersion);
  const made: tf.Variable[] = [];
  try {
    const built = await withCustomObjects(customObjects, () => {
      const config = translateModel(model, version);
      return collect(made, () => buildModel(config, countValues(weights)));
    });
    collect(made, () => {
      assignWeights(built, model, weights, version.major);
      if (compile) compileAsSaved(built, model, training && checkTraining(training));
    });
    return built;
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
}

/** Does what runs at once, and adds the variables that it has made to `made`. */
function collect<T>(made: tf.Variable[], make: () => T): T {
  const {registeredVariables} = tf.engine().state;
  const before = new Set(Object.keys(registeredVariables));
  try {
    return make();
  } finally {
    for (const [name, variable] of Object.entries(registeredVariables)) {
      if (!before.has(name)) made.push(variable);
    }
  }
}

async function open(source: KerasSource): Promise<KerasFile> {
  if (isHandler(source)) return openArtifacts(source);
  const read = await readSource(source);
  const {bytes} = read;
  if (startsWith(bytes, 'PK')) return openZip(bytes);
  if (startsWith(bytes, '\x89HDF')) return openHdf5(bytes);
  if (startsWith(bytes, '{')) return openArtifacts(modelJsonHandler(read));
  throw new Error('the file is neither a .keras nor an .h5 file nor a model.json.');
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((char, i) => bytes[i] === char.charCodeAt(0));
}

async function openZip(bytes: Uint8Array): Promise<KerasFile> {
  const {metadata, config, weights} = await unzipKeras(bytes);
  const model = checkModel(parseJson(config, 'config.json'));
  const {tensors} = await readHdf5(weights);
  return {
    model,
    kerasVersion: parseJson(metadata, 'metadata.json')?.keras_version,
    training: (model as Json).compile_config,
    weights: {byPath: tensors},
  };
}

async function openHdf5(bytes: Uint8Array): Promise<KerasFile> {
  const file = await readHdf5(bytes);
  if (!file.config || !file.layerWeights) {
    throw new Error(
      'the HDF5 file holds no whole model of Keras: it was perhaps saved by save_weights(), ' +
        'without the layers. Save it by model.save().',
    );
  }
  const model = checkModel(parseJson(file.config, 'model_config'));
  return {
    model,
    kerasVersion: file.kerasVersion ?? assumedVersion(model),
    training: file.training && parseJson(file.training, 'training_config'),
    weights: {byLayer: file.layerWeights},
  };
}

async function openArtifacts(handler: tf.io.IOHandler): Promise<KerasFile> {
  const artifacts = (await handler.load?.()) as tf.io.ModelArtifacts;
  const topology = artifacts.modelTopology as Json;
  const kerasVersion = topology?.keras_version;
  if (String(kerasVersion).startsWith('tfjs')) {
    throw new Error('tfjs saved it, not Keras: load it with tf.loadLayersModel.');
  }
  // Early versions of the converter wrote the config without a name.
  const model = checkModel(topology?.model_config ?? topology);
  const tensors = await readWeights(artifacts);
  const fromZip = tensors.some(({name}) => name.startsWith('layers/'));
  return {
    model,
    kerasVersion: kerasVersion ?? assumedVersion(model),
    training: topology.training_config ?? (model as Json).compile_config,
    weights: fromZip
      ? {byPath: new Map(tensors.map((tensor) => [tensor.name, tensor]))}
      : {byName: tensors},
  };
}
