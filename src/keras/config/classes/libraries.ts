/**
 * Rows for classes of libraries that are built on Keras. The entry of a library adds them when it is
 * imported, so that whoever opens models of Keras alone does not load them.
 */
import {serialization} from '@tensorflow/tfjs-core';
import {classOf, layersOf, type SavedLayer} from '../saved.js';
import type {KerasClass, KerasClasses} from './row.js';

const added = new Map<string, KerasClass>();

/** @param rows by the names of `libraryName` */
export function addClasses(rows: KerasClasses): void {
  for (const [name, row] of Object.entries(rows)) added.set(name, row);
}

/** KerasHub was KerasNLP until 2024. tfjs cannot have an underscore in the name of a class. */
const PACKAGE = /^(keras_hub|keras_nlp|KerasHub)$/;

/**
 * What a class of KerasHub is called here, such as `KerasHub>TransformerEncoder`. Some classes there
 * are registered under this name; of the others, only the module says where they are from.
 *
 * @returns undefined: the class is from elsewhere.
 */
export function libraryName({class_name, module, registered_name}: SavedLayer): string | undefined {
  const [library] = [registered_name, class_name, module?.replace(/\..*/, '>')].flatMap((name) => {
    const [first, ...others] = name?.split('>') ?? [];
    return others.length && PACKAGE.test(first) ? [first] : [];
  });
  return library && `KerasHub>${classOf({class_name})}`;
}

/** The row of a library's class; undefined where there is none, or a user has registered a class for it. */
export function libraryRow(saved: SavedLayer): KerasClass | undefined {
  const name = libraryName(saved);
  const row = name === undefined ? undefined : added.get(name);
  return row && !isReplaced(saved, row) ? row : undefined;
}

function isReplaced(saved: SavedLayer, {layer, namesake}: KerasClass): boolean {
  const {class_name, registered_name} = saved;
  const names = [registered_name, class_name, classOf(saved)];
  const {classNameMap} = serialization.SerializationMap.getMap();
  return names.some((name) => {
    const [found]: unknown[] = name && Object.hasOwn(classNameMap, name) ? classNameMap[name] : [];
    return found !== undefined && found !== layer && found !== namesake;
  });
}

/** Whether a layer of a model is of such a class. */
export function hasLibraryClass(saved: SavedLayer): boolean {
  const {config} = saved;
  const wrapped = [config.layer, config.backward_layer].filter((each) => each?.config);
  const inner = [...(layersOf(saved) ?? []), ...wrapped];
  return libraryName(saved) !== undefined || inner.some(hasLibraryClass);
}

/** Why a backbone within a model cannot be opened, and what to do; undefined: it is none. */
export function absentInFile(saved: SavedLayer): string | undefined {
  if (!libraryName(saved) || !classOf(saved).endsWith('Backbone')) return undefined;
  return (
    'it makes its layers in Python; the file has only its options. In Python, build the model on ' +
    'keras.Model(backbone.inputs, backbone.outputs) in its place, and save it anew.'
  );
}
