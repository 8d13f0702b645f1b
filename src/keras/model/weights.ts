/** Gives the weights of a file to the layers of a model, by their place in each layer. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, LayerVariable, layers} from '@tensorflow/tfjs-layers';
import {classOf, layersOf, nameOf, type SavedLayer, snakeCase} from '../config/saved.js';
import type {StoredTensor} from '../read/hdf5.js';

/** The weights of a file; all by path, or by layer, or in the order in which layers have them. */
export interface StoredWeights {
  /** As in `.keras`: `layers/dense/vars/0`. */
  byPath?: Map<string, StoredTensor>;
  /** As in `.h5`: by the name of the outermost layer. */
  byLayer?: Map<string, StoredTensor[]>;
  /** As the converter leaves those of `.h5`: by the names of the layers in alphabetical order. */
  inOrder?: StoredTensor[];
}

/** How many values there are in all. */
export function countValues({byPath, byLayer, inOrder = []}: StoredWeights): number {
  const tensors = [...(byPath?.values() ?? []), ...(byLayer?.values() ?? []), ...inOrder].flat();
  // A file may name one tensor many times.
  return [...new Set(tensors)].reduce((sum, {values}) => sum + values.length, 0);
}

/** Layers within a layer that Keras keeps in another order than the alphabet's. */
const INNER_ORDER = ['forward', 'backward', 'query', 'key', 'value', 'output'];

/** What Keras 2.12 and 2.13 call the folder `layers`. */
const OLD_FOLDER = '_layer_checkpoint_dependencies/';

/** @throws Error A weight is missing, left over, or of another shape than the layer's. */
export function assignWeights(model: LayersModel, saved: SavedLayer, stored: StoredWeights): void {
  if (stored.byPath) assignByPath(model, saved, stored.byPath);
  else if (stored.byLayer) assignByLayer(model, saved, stored.byLayer);
  else if (stored.inOrder) assignInOrder(model, saved, stored.inOrder);
}

function assignByLayer(
  model: LayersModel,
  saved: SavedLayer,
  byLayer: Map<string, StoredTensor[]>,
): void {
  for (const [layer, savedLayer] of pairs(model, saved)) {
    assign(layer, weightsOf(layer, savedLayer), byLayer.get(layer.name) ?? []);
  }
}

function assignInOrder(model: LayersModel, saved: SavedLayer, tensors: StoredTensor[]): void {
  let next = 0;
  const sorted = pairs(model, saved).sort(([a], [b]) => (a.name < b.name ? -1 : 1));
  for (const [layer, savedLayer] of sorted) {
    const weights = weightsOf(layer, savedLayer);
    assign(layer, weights, tensors.slice(next, next + weights.length));
    next += weights.length;
  }
  if (next === tensors.length) return;
  throw new Error(`the layers have ${next} weights, but the file ${tensors.length}.`);
}

function assignByPath(
  model: LayersModel,
  saved: SavedLayer,
  tensors: Map<string, StoredTensor>,
): void {
  // Not the states of optimisers, metrics and random generators
  const left = new Map(
    [...tensors]
      .map(([path, tensor]) => [path.replaceAll(OLD_FOLDER, 'layers/'), tensor] as const)
      .filter(([path]) => path.startsWith('layers/') && !path.includes('seed_generator/')),
  );
  assignFolder(model, saved, left, '');
  const [extra] = left.keys();
  if (extra) throw new Error(`the file has the weight ${extra}, but the model has no such layer.`);
}

function assignFolder(
  model: LayersModel,
  saved: SavedLayer,
  left: Map<string, StoredTensor>,
  prefix: string,
): void {
  const counts = new Map<string, number>();
  const found = new Map(pairs(model, saved).map(([layer]) => [layer.name, layer]));
  for (const savedLayer of layersOf(saved) ?? []) {
    const kind = snakeCase(classOf(savedLayer));
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const layer = found.get(nameOf(savedLayer));
    if (!layer) continue; // an operation that was not needed
    const folder = `${prefix}layers/${count ? `${kind}_${count}` : kind}/`;
    if (layersOf(savedLayer)) {
      assignFolder(layer as unknown as LayersModel, savedLayer, left, folder);
      continue;
    }
    const paths = [...left.keys()].filter((path) => path.startsWith(folder)).sort(byPlace);
    assign(
      layer,
      layer.weights,
      paths.map((path) => left.get(path) as StoredTensor),
    );
    for (const path of paths) left.delete(path);
  }
}

/** The layers of the model beside what was saved of them, in the order in which they were saved. */
function pairs(model: LayersModel, saved: SavedLayer): [layers.Layer, SavedLayer][] {
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  return (layersOf(saved) ?? []).flatMap((savedLayer) => {
    const layer = byName.get(nameOf(savedLayer));
    return layer ? [[layer, savedLayer] as [layers.Layer, SavedLayer]] : [];
  });
}

/** A layer's weights in Keras's order: of a nested model those to train first. */
function weightsOf(layer: layers.Layer, saved: SavedLayer): LayerVariable[] {
  if (!layersOf(saved)) return layer.weights;
  const leaves = (model: layers.Layer, savedModel: SavedLayer): layers.Layer[] =>
    pairs(model as unknown as LayersModel, savedModel).flatMap(([inner, savedInner]) =>
      layersOf(savedInner) ? leaves(inner, savedInner) : [inner],
    );
  const all = leaves(layer, saved);
  return [
    ...all.flatMap(({trainableWeights}) => trainableWeights),
    ...all.flatMap(({nonTrainableWeights}) => nonTrainableWeights),
  ];
}

/** By folders in Keras's order, and numbers as numbers. */
function byPlace(a: string, b: string): number {
  const key = (path: string) =>
    path
      .replace(/\/_?(forward|backward|query|key|value|output)_(layer|dense)\//, (_, name) => {
        return `/${INNER_ORDER.indexOf(name)}/`;
      })
      .replace(/\d+/g, (digits) => digits.padStart(6, '0'));
  return key(a) < key(b) ? -1 : 1;
}

function assign(layer: layers.Layer, weights: LayerVariable[], stored: StoredTensor[]): void {
  const where = `${layer.getClassName()} layer "${layer.name}"`;
  if (stored.length !== weights.length) {
    throw new Error(
      `${where} has ${weights.length} weights, but the file ${stored.length} for it.`,
    );
  }
  stored.forEach(({shape, values}, i) => {
    const variable = weights[i].read() as tf.Variable;
    if (!tf.util.arraysEqual(shape, variable.shape)) {
      throw new Error(
        `${where}: its weight ${i} has the shape [${variable.shape}], but in the file [${shape}].`,
      );
    }
    // Not by `setWeights`, which applies constraints: Keras loads weights as they were saved.
    const value = tf.tensor(values, shape, 'float32');
    tf.Variable.prototype.assign.call(variable, value);
    value.dispose();
  });
}
