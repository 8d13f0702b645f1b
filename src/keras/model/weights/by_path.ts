/** Weights of a `.keras` file, by their path: `layers/lstm/cell/vars/0`. */
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import {rowOfLayer} from '../../config/classes/index.js';
import {nameOf, own, type SavedLayer} from '../../config/saved.js';
import type {StoredTensor} from '../../read/tensor.js';
import {type Assigned, assign, placeOf} from './assign.js';
import {
  ABSENT,
  bareName,
  called,
  isModel,
  kindOf,
  type Layer,
  leavesOf,
  localName,
  ownWeights,
  type Part,
  partsOf,
  weightsOf,
} from './parts.js';

/** What Keras 2.12 and 2.13 call the folder `layers`. */
const OLD_FOLDER = '_layer_checkpoint_dependencies';

/** The states of random generators, which inference does not need. */
const GENERATORS = new Set(['seed_generator', '_seed_generator']);

/** A folder of the file. */
interface Folder {
  path: string;
  /** By their names, which are numbers unless a class of the user's saves its weights itself. */
  vars: Map<string, StoredTensor>;
  folders: Map<string, Folder>;
}

/** What is known while one file is read. */
interface Reading {
  assigned: Assigned;
  /** The first layer of each class and name: a layer that has several places has them in each. */
  firsts: Map<string, Layer>;
  keras3: boolean;
}

/** @throws Error A weight is missing, left over, or of another shape than the layer's. */
export function assignByPath(
  model: Layer,
  saved: SavedLayer,
  tensors: Map<string, StoredTensor>,
  major: number,
): Assigned {
  const root = toFolders(tensors);
  const assigned: Assigned = new Map();
  assignParts(model, saved, root, {
    assigned,
    firsts: new Map(),
    keras3: major >= 3,
  });
  const [extra] = restOf(root);
  if (extra) throw new Error(`the file has the weight ${extra}, but the model has no such layer.`);
  return assigned;
}

function toFolders(tensors: Map<string, StoredTensor>): Folder {
  const root: Folder = {path: '', vars: new Map(), folders: new Map()};
  for (const [path, tensor] of tensors) {
    const names = path.split('/').map((name) => (name === OLD_FOLDER ? 'layers' : name));
    // The rest is of the optimiser, of losses and of metrics.
    const isOfLayer = names[0] === 'layers' || path.startsWith('vars/');
    if (!isOfLayer || names.some((name) => GENERATORS.has(name))) continue;
    const name = names.pop() as string;
    if (names.at(-1) === 'vars') names.pop();
    const folder = names.reduce((at, step) => inside(at, step), root);
    folder.vars.set(name, tensor);
  }
  return root;
}

function inside(folder: Folder, name: string): Folder {
  const found = folder.folders.get(name);
  if (found) return found;
  const made = emptyFolder(folder, name);
  folder.folders.set(name, made);
  return made;
}

/** What a folder is called in the one around it. */
const nameIn = ({path}: Folder) => path.split('/').at(-2) as string;

function emptyFolder({path}: Folder, name: string): Folder {
  return {path: `${path}${name}/`, vars: new Map(), folders: new Map()};
}

function assignLayer(layer: Layer, saved: SavedLayer | undefined, at: Folder, r: Reading): void {
  const {trainable, nonTrainable} = ownWeights(layer);
  for (const [name, weights] of byFolder(layer, [...trainable, ...nonTrainable])) {
    if (name) take(layer, weights, find(at, name), r);
    else take(layer, [...repeatedWeights(layer), ...weights], at, r);
  }
  assignParts(layer, saved, at, r);
  if (restOf(at).length) throw new Error(unmatched(layer, at));
}

/** The weights of layers within it which Keras saves as the layer's own, too. */
function repeatedWeights(layer: Layer): LayerVariable[] {
  const {repeats = []} = rowOfLayer(layer);
  if (!repeats.length) return [];
  return leavesOf(layer)
    .filter((leaf) => leaf.layer !== layer)
    .flatMap(weightsOf)
    .filter((weight) => repeats.includes(localName(weight)));
}

/** A layer's weights by the folder that they are in. */
function byFolder(layer: Layer, weights: LayerVariable[]): Map<string, LayerVariable[]> {
  const {folders = {}} = rowOfLayer(layer);
  const found = new Map<string, LayerVariable[]>([['', []]]);
  for (const weight of weights) {
    const prefix = localName(weight).split('/').slice(0, -1).join('/');
    const name = own(folders, prefix) ?? prefix;
    found.set(name, [...(found.get(name) ?? []), weight]);
  }
  return found;
}

/**
 * The folder of an attribute: which are private, with an underscore, differs by version, and camelCase
 * does not say whether `norm1` was `norm_1`.
 */
function find(at: Folder, attribute: string): Folder {
  const bare = attribute.replace(/^_+/, '');
  const [found] = [attribute, bare, `_${bare}`].flatMap((name) => at.folders.get(name) ?? []);
  const alike = [...at.folders].filter(([name]) => bareName(name) === bareName(attribute));
  if (found || alike.length === 1) return found ?? alike[0][1];
  return emptyFolder(at, attribute);
}

function take(layer: Layer, weights: LayerVariable[], at: Folder, r: Reading): void {
  // A layer that is held under two names is in the file under one of them.
  if (!at.vars.size && weights.every((weight) => r.assigned.has(weight))) return;
  assign(layer, weights, inOrder(at.vars, weights), r.assigned);
  at.vars.clear();
}

/** The variables by number; by name, where a class saves its weights under names of its own. */
function inOrder(vars: Map<string, StoredTensor>, weights: LayerVariable[]): StoredTensor[] {
  const names = [...vars.keys()];
  if (names.every((name) => /^\d+$/.test(name))) {
    names.sort((a, b) => Number(a) - Number(b));
  } else if (weights.every((weight) => vars.has(localName(weight)))) {
    const order = weights.map(localName);
    names.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  }
  return names.map((name) => vars.get(name) as StoredTensor);
}

function assignParts(layer: Layer, saved: SavedLayer | undefined, at: Folder, r: Reading): void {
  for (const part of partsOf(layer, saved)) {
    const folder = find(at, part.attribute);
    const isAbsent = at.folders.get(nameIn(folder)) !== folder;
    const weights = [part.held].flat().flatMap((each) => leavesOf(each).flatMap(weightsOf));
    if (isAbsent && !isModel(layer) && weights.some((weight) => !r.assigned.has(weight))) {
      throw new Error(unmatched(layer, at));
    }
    if (Array.isArray(part.held)) assignList(part, part.held, folder, r);
    else assignOnce(part.held, part.saved[0], folder, r);
  }
}

/** The layers of a list are in folders named by their classes, those of one class numbered. */
function assignList({saved}: Part, held: Layer[], at: Folder, r: Reading): void {
  const counts = new Map<string, number>();
  held.forEach((layer, i) => {
    // Keras 2 counts a layer that has several places at the first only.
    const isCounted = r.keras3 || !firstOf(saved[i], r);
    const kind = kindOf(layer, saved[i]);
    const count = counts.get(kind) ?? 0;
    if (isCounted) counts.set(kind, count + 1);
    if (layer === ABSENT) return;
    const name = count ? `${kind}_${count}` : kind;
    const folder = at.folders.get(name) ?? emptyFolder(at, name);
    assignOnce(layer, saved[i], folder, r);
  });
}

/** The layer that has the weights of one which the file numbers, since it has several places. */
const firstOf = (saved: SavedLayer | undefined, {firsts}: Reading) =>
  saved?.shared_object_id === undefined ? undefined : firsts.get(keyOf(saved));

const keyOf = (saved: SavedLayer) => `${saved.class_name} ${nameOf(saved)}`;

/** A layer that has several places in models within models has its weights in the file once. */
function assignOnce(layer: Layer, saved: SavedLayer | undefined, at: Folder, r: Reading): void {
  const first = firstOf(saved, r);
  if (first && first !== layer) {
    const tensors = first.weights.map((weight) => r.assigned.get(weight) as StoredTensor);
    assign(layer, layer.weights, tensors, r.assigned);
    return;
  }
  assignLayer(layer, saved, at, r);
  if (saved && !r.firsts.has(keyOf(saved))) r.firsts.set(keyOf(saved), layer);
}

/** The paths of what nothing took. */
function restOf(folder: Folder): string[] {
  return [
    ...[...folder.vars.keys()].map((name) => `${folder.path}vars/${name}`),
    ...[...folder.folders.values()].flatMap(restOf),
  ];
}

function unmatched(outer: Layer, at: Folder): string {
  const layer = called(outer);
  const list = (names: string[]) => names.map((name) => `"${name}"`).join(', ') || 'none';
  const [rest] = restOf(at);
  const names = [...at.folders].filter(([, folder]) => restOf(folder).length).map(([name]) => name);
  return (
    `${placeOf(layer)} and the file do not have the same weights${rest ? `, such as ${rest}` : ''}. ` +
    `The file has some under the names ${list(names)} of it; a class of your own needs a property of ` +
    'each of these names, in camelCase, with the layer that has them, built in build(). It has layers ' +
    `under ${list(partsOf(layer).map(({attribute}) => attribute))}.`
  );
}
