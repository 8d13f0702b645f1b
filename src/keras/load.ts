/** From a file of Keras to a model of tfjs: reads it, translates its config, gives it the weights. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {mendKernels} from '../mended/index.js';
import {checkModel, checkTraining} from './config/check.js';
import {hasLibraryClass} from './config/classes/libraries.js';
import {assumedVersion} from './config/old_forms.js';
import type {Json, SavedLayer} from './config/saved.js';
import {translateModel} from './config/translate.js';
import {readVersion} from './config/version.js';
import {buildModel} from './model/build.js';
import {compileAsSaved} from './model/compile.js';
import {type CustomObjects, withCustomObjects} from './model/custom_objects.js';
import {readAssigned} from './model/weights/assign.js';
import {countValues, matchWeights, type StoredWeights} from './model/weights/index.js';
import {type Hdf5Model, openHdf5} from './read/hdf5.js';
import {modelJsonHandler, parseJson, storedWeights} from './read/model_json.js';
import {newReport, type OnProgress, type Report} from './read/progress.js';
import {isHandler, type KerasSource, readSource} from './read/source.js';
import {newPace, type Pace} from './read/tensor.js';
import {unzipKeras} from './read/zip.js';

/** What a file holds, of whichever kind it is. */
interface KerasFile {
  model: SavedLayer;
  kerasVersion: string;
  /** How the model was compiled, if it was. */
  training?: Json;
  /** Finds the weights, once the model itself is known to open; none is read yet. */
  weights(): Promise<StoredWeights>;
  /** Gives back what the weights are read from. */
  close(): void;
}

/** One load of a file: how it gives way to others, and whom it tells how far it is. */
interface Loading {
  pace: Pace;
  report: Report;
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
  /** Is told the part that is loaded, from 0 to 1. */
  onProgress?: OnProgress;
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
  mendKernels();
  const loading = {pace: newPace(), report: newReport(options.onProgress)};
  try {
    const file = await open(source, loading);
    try {
      return await build(file, options, loading);
    } finally {
      file.close();
    }
  } catch (error) {
    throw new Error(`loadKerasModel: ${(error as Error)?.message ?? error}`, {cause: error});
  }
}

/** Translates the config before a weight is looked for: most of what cannot be opened shows there. */
async function build(
  {model, kerasVersion, training, weights}: KerasFile,
  {compile = true, customObjects = {}}: LoadKerasModelOptions,
  {pace, report}: Loading,
): Promise<LayersModel> {
  const version = readVersion(kerasVersion);
  // Only whoever opens such a model needs these layers.
  if (hasLibraryClass(model)) await import('./hub/index.js');
  const config = withCustomObjects(customObjects, () => translateModel(model, version));
  await pace();
  const stored = await weights();
  await pace();
  const made: tf.Variable[] = [];
  try {
    const built = await withCustomObjects(customObjects, () =>
      collect(made, () => buildModel(config, countValues(stored))),
    );
    await pace();
    const assigned = matchWeights(built, model, stored, version.major);
    await pace();
    await readAssigned(assigned, pace, (done) => report('read', done));
    collect(made, () => {
      if (compile) compileAsSaved(built, model, training && checkTraining(training), version);
    });
    report('read', 1);
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

async function open(source: KerasSource, loading: Loading): Promise<KerasFile> {
  if (isHandler(source)) return openArtifacts(source);
  const read = await readSource(source, (done) => loading.report('fetch', done));
  const {bytes} = read;
  if (startsWith(bytes, 'PK')) return openZip(bytes, loading);
  if (startsWith(bytes, '\x89HDF')) return openH5(bytes, loading);
  if (startsWith(bytes, '{')) return openArtifacts(modelJsonHandler(read));
  throw new Error('the file is neither a .keras nor an .h5 file nor a model.json.');
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((char, i) => bytes[i] === char.charCodeAt(0));
}

async function openZip(bytes: Uint8Array, {pace, report}: Loading): Promise<KerasFile> {
  const {metadata, config, weights} = await unzipKeras(bytes, pace);
  const model = checkModel(parseJson(config, 'config.json'));
  let file: Hdf5Model | undefined;
  return {
    model,
    kerasVersion: parseJson(metadata, 'metadata.json')?.keras_version,
    training: (model as Json).compile_config,
    async weights() {
      file = await openHdf5(await weights((done) => report('unpack', done)), pace);
      return {byPath: file.tensors};
    },
    close: () => file?.close(),
  };
}

async function openH5(bytes: Uint8Array, {pace}: Loading): Promise<KerasFile> {
  const file = await openHdf5(bytes, pace);
  try {
    if (!file.config || !file.layerWeights) {
      throw new Error(
        'the HDF5 file holds no whole model of Keras: it was perhaps saved by save_weights(), ' +
          'without the layers. Save it by model.save().',
      );
    }
    const {layerWeights, close} = file;
    const model = checkModel(parseJson(file.config, 'model_config'));
    return {
      model,
      kerasVersion: file.kerasVersion ?? assumedVersion(model),
      training: file.training && parseJson(file.training, 'training_config'),
      weights: async () => ({byLayer: layerWeights}),
      close,
    };
  } catch (error) {
    file.close();
    throw error;
  }
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
  return {
    model,
    kerasVersion: kerasVersion ?? assumedVersion(model),
    training: topology.training_config ?? (model as Json).compile_config,
    async weights() {
      const tensors = storedWeights(artifacts);
      const fromZip = tensors.some(({name}) => name.startsWith('layers/'));
      return fromZip
        ? {byPath: new Map(tensors.map((tensor) => [tensor.name, tensor]))}
        : {byName: tensors};
    },
    close() {},
  };
}
