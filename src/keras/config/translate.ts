/** Turns the config of a model of Keras 2 or 3 into that of Keras 2, which tfjs reads. */
import {registeredLayer, registeredModel} from '../layers/register.js';
import {references} from './calls.js';
import {rowOf} from './classes/index.js';
import {absentInFile} from './classes/libraries.js';
import {translateGraph} from './graph.js';
import type {Crossing, TranslatedModel} from './masks/give.js';
import {Models} from './masks/models.js';
import {refusedOption, translateOptions} from './options.js';
import {isOwnClass, keptConfig, ownNames} from './own_classes.js';
import {asGraph} from './read_graph.js';
import {classOf, isUsersOwn, type Json, layersOf, nameOf, type SavedLayer} from './saved.js';
import type {KerasVersion} from './version.js';

/** Where a layer is, and how its model was saved. */
export interface Context {
  /** The names of the models around it. */
  path: string[];
  /** The layer that it is an option of. */
  wrapper?: SavedLayer;
  version: KerasVersion;
  models: Models;
}

/**
 * A model's config as `tf.loadLayersModel` takes it.
 *
 * @throws Error A layer, or an option or a call of one, that is not known here or in tfjs.
 */
export function translateModel(saved: SavedLayer, version: KerasVersion): Json {
  return translateLayer(saved, {path: [], version, models: new Models(saved, version)});
}

/** A layer's class and config, in a model's the layers' as well. */
function translateLayer(saved: SavedLayer, context: Context): Json {
  if (layersOf(saved)) {
    const {class_name, config} = translateNested(saved, context, {given: [], exposed: []});
    return {class_name, config};
  }
  const className = tfjsClass(saved, context);
  refuse(saved, context);
  try {
    const inner = (layer: SavedLayer) => translateLayer(layer, {...context, wrapper: saved});
    const config = translateOptions(saved, context.version, inner);
    return {class_name: className, config: isOwnClass(saved) ? keptConfig(config) : config};
  } catch (error) {
    throw new Error(`${className} layer "${nameOf(saved)}": ${(error as Error).message}`);
  }
}

/**
 * The name of the class of tfjs that plays a layer.
 *
 * @throws Error There is none.
 */
function tfjsClass(saved: SavedLayer, context: Context): string {
  const className = classOf(saved);
  const {playedBy, layer} = rowOf(saved);
  const usersOwn = isOwnClass(saved) && isUsersOwn(saved);
  const player = playedBy ?? (isUsersOwn(saved) ? layer?.className : className) ?? className;
  const names = usersOwn ? ownNames(saved) : [player];
  const name = names.find((each) => registeredLayer(each, usersOwn));
  if (name) return name;
  const absent = rowOf(saved).absent?.(saved) ?? absentInFile(saved);
  if (absent) throw new Error(`${where(saved, context)} is of the class ${className}: ${absent}`);
  const wanted = names.find((each) => !registeredLayer(each, false)) ?? className;
  throw new Error(
    `${where(saved, context)} is of the class ${className}, which is not known. Write it as a ` +
      "class that extends tf.layers.Layer or, where it holds layers, KerasLayer of 'tfjs-layernorm/" +
      `keras', and give it to loadKerasModel in {customObjects: {'${wanted}': TheClass}}, or register ` +
      `it before, with the static className '${wanted}': tf.serialization.registerClass(TheClass).`,
  );
}

/** @throws Error By its row in the table, it can do what the class of tfjs cannot. */
function refuse(saved: SavedLayer, context: Context): void {
  const {refuses} = rowOf(saved);
  const reason =
    refuses?.(saved, context.version) ?? refusedOption(saved) ?? refusedPenalty(saved, context);
  if (reason) throw new Error(`${where(saved, context)}: ${reason}`);
}

/** tfjs asks a layer for its losses, but not the layers that it holds. */
function refusedPenalty({config}: SavedLayer, {wrapper}: Context): string | undefined {
  if (!wrapper || !config.activity_regularizer) return undefined;
  return (
    `within ${classOf(wrapper)} layer "${nameOf(wrapper)}" its activity_regularizer would not be ` +
    'kept in training. In Python set it to None before saving.'
  );
}

function where(saved: SavedLayer, {path}: Context): string {
  const models = path.map((name) => `"${name}"`).join(' → ');
  return `layer "${nameOf(saved)}"${models && ` in the model ${models}`}`;
}

function translateNested(saved: SavedLayer, context: Context, crossing: Crossing): TranslatedModel {
  const className = modelClass(saved);
  const inner = {...context, path: [...context.path, saved.config.name ?? className]};
  const layer = (each: SavedLayer) => translateLayer(each, inner);
  const isGraph = Boolean(saved.config.output_layers);
  const staysSequential = !isGraph && !(context.models.haveMasks && asGraph(saved.config));
  if (!isGraph) refuseSeveralOutputs(saved, inner, staysSequential);
  if (staysSequential) {
    const config = {name: saved.config.name, layers: saved.config.layers.map(layer)};
    return {class_name: className, config, maskedInputs: []};
  }
  const translators = {
    layer,
    model: (each: SavedLayer, inwards: Crossing) => translateNested(each, inner, inwards),
  };
  const translated = translateGraph(saved, inner, crossing, translators);
  return {class_name: isGraph ? className : 'Functional', ...translated};
}

/** @throws Error A layer in a sequential model gives several tensors, of which tfjs hands none on. */
function refuseSeveralOutputs(model: SavedLayer, context: Context, isSequential: boolean): void {
  // As a graph, a model within another gives the first tensor of its last layer.
  const mayBeLast = !isSequential && context.path.length > 1;
  const layer = layersOf(model)?.find(
    (each, i, {length}) => givesSeveral(each) && !(mayBeLast && i === length - 1),
  );
  if (!layer) return;
  throw new Error(
    `${where(layer, context)} gives several tensors, of which tfjs takes none on in a Sequential. ` +
      'In Python make it a functional model: keras.Model(inputs, outputs).',
  );
}

function givesSeveral({config}: SavedLayer): boolean {
  const {return_state, merge_mode, layer, output_layers = []} = config;
  const isSplit = Boolean(layer) && merge_mode === null;
  const outputs = references(output_layers).length;
  return Boolean(return_state || isSplit || layer?.config?.return_state || outputs > 1);
}

/** A class of a user's own that extends one of Keras's models is built as that. */
function modelClass(saved: SavedLayer): string {
  const className = classOf(saved);
  if (className === 'Sequential' || registeredModel(className)) return className;
  return saved.config.output_layers ? 'Functional' : 'Sequential';
}
