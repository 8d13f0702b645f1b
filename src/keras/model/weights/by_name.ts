/**
 * Weights whose names are known, those of an `.h5` file and of the `model.json` made of it: such as
 * `time_distributed/dense/kernel:0`, where any number of the names before the last may be absent.
 */
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import {type Json, nameOf, type SavedLayer} from '../../config/saved.js';
import type {NamedTensor} from '../../read/tensor.js';
import {type Assigned, assign, countsDiffer, placeOf} from './assign.js';
import {inOrderOf, splitByLooks} from './by_looks.js';
import {withUpdates} from './lora.js';
import {
  hasKnownOrder,
  type Layer,
  type Leaf,
  leavesOf,
  localName,
  partsOf,
  stepsOf,
  weightsOf,
} from './parts.js';

/** A layer of the model beside what was saved of it. */
type Pair = [layer: Layer, saved: SavedLayer];

/** @throws Error A weight is missing, left over, or of another shape than the layer's. */
export function assignByLayer(
  model: Layer,
  saved: SavedLayer,
  byLayer: Map<string, NamedTensor[]>,
): Assigned {
  const assigned: Assigned = new Map();
  for (const [layer, savedLayer] of pairs(model, saved)) {
    const tensors = withUpdates(byLayer.get(layer.name) ?? [], savedLayer);
    assignOuter(layer, savedLayer, tensors, assigned, true);
  }
  return assigned;
}

/**
 * The names tell which layer a weight is of, in whatever order they come. Where two layers have the
 * same names inside, the order of the file does, if it is the converter's: that of the layers' names.
 *
 * @throws Error A weight is missing, left over, or of another shape than the layer's.
 */
export function assignByName(model: Layer, saved: SavedLayer, stored: NamedTensor[]): Assigned {
  const tensors = withUpdates(stored, saved);
  const layers = pairs(model, saved).filter(([layer]) => layer.weights.length > 0);
  const named = splitByNames(layers, tensors);
  checkCounts(layers, tensors, named);
  const isWhole = layers.every(([layer]) => named?.get(layer)?.length === layer.weights.length);
  const byLayer = named && isWhole ? named : splitInOrder(layers, tensors);
  const assigned: Assigned = new Map();
  for (const [layer, savedLayer] of layers) {
    const part = byLayer.get(layer) ?? [];
    assignOuter(layer, savedLayer, part, assigned, isInKerasOrder(layer, savedLayer, part));
  }
  return assigned;
}

function splitByNames(
  layers: Pair[],
  tensors: NamedTensor[],
): Map<Layer, NamedTensor[]> | undefined {
  const owners = new Map<string, Layer | null>();
  for (const [layer, saved] of layers) {
    for (const name of namesIn(saved)) {
      owners.set(name, owners.has(name) && owners.get(name) !== layer ? null : layer);
    }
  }
  const found = new Map<Layer, NamedTensor[]>();
  for (const tensor of tensors) {
    const steps = stepsOf(tensor).slice(0, -1);
    // From the outside in: an inner layer may be named as another outer one.
    const owner = steps.map((step) => owners.get(step)).find((each) => each !== undefined);
    if (!owner) return undefined;
    found.set(owner, [...(found.get(owner) ?? []), tensor]);
  }
  return found;
}

/** @throws Error There are more or fewer weights than the layers have. */
function checkCounts(
  layers: Pair[],
  tensors: NamedTensor[],
  named?: Map<Layer, NamedTensor[]>,
): void {
  const count = layers.reduce((sum, [layer]) => sum + layer.weights.length, 0);
  if (count === tensors.length) return;
  for (const [layer] of named ? layers : []) {
    const found = named?.get(layer)?.length ?? 0;
    if (found !== layer.weights.length)
      throw new Error(countsDiffer(layer, layer.weights.length, found));
  }
  throw new Error(`the layers have ${count} weights, but the file ${tensors.length}.`);
}

/** @throws Error The weights are not in the converter's order. */
function splitInOrder(layers: Pair[], tensors: NamedTensor[]): Map<Layer, NamedTensor[]> {
  const found = new Map<Layer, NamedTensor[]>();
  let next = 0;
  const sorted = [...layers].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
  for (const [layer, saved] of sorted) {
    const part = tensors.slice(next, next + layer.weights.length);
    next += layer.weights.length;
    const names = namesIn(saved);
    const stranger = part.find(
      (tensor) =>
        !stepsOf(tensor)
          .slice(0, -1)
          .some((s) => names.has(s)),
    );
    if (stranger) {
      throw new Error(
        `${placeOf(layer)}: its weights cannot be told from others. They would be those from ` +
          `"${part[0].name}" on, by the order of the converter, but "${stranger.name}" is not of it.`,
      );
    }
    found.set(layer, part);
  }
  return found;
}

/** The name of a layer and those of all layers in its config. */
function namesIn(saved: SavedLayer): Set<string> {
  const names = new Set([nameOf(saved)]);
  const collect = (value: Json) => {
    if (value === null || typeof value !== 'object') return;
    if (value.class_name && typeof value.config?.name === 'string') names.add(nameOf(value));
    Object.values(value).forEach(collect);
  };
  collect(saved.config);
  return names;
}

/** The layers of a model that were saved, in the order in which they were. */
function pairs(model: Layer, saved: SavedLayer): Pair[] {
  const [{held, saved: savedLayers}] = partsOf(model, saved);
  return [held].flat().flatMap((layer, i) => {
    return layer.name === undefined ? [] : [[layer, savedLayers[i]] as Pair];
  });
}

/** Whether the weights of a layer come in the order in which Keras has them, as far as names say. */
function isInKerasOrder(layer: Layer, saved: SavedLayer, tensors: NamedTensor[]): boolean {
  const leaves = leavesOf(layer, saved);
  if (leaves.flatMap(weightsOf).length !== tensors.length) return false;
  return splitInKerasOrder(leaves, tensors).every(([leaf, part]) => {
    const names = part.map((tensor) => stepsOf(tensor).at(-1));
    const own = weightsOf(leaf).map((weight) => localName(weight).split('/').at(-1));
    const isNamedAlike = [...own].sort().join() === [...names].sort().join();
    return !isNamedAlike || own.join() === names.join();
  });
}

/**
 * Gives an outermost layer the weights that the file has for it.
 *
 * @param isOrdered whether they come in Keras's order
 */
function assignOuter(
  layer: Layer,
  saved: SavedLayer,
  tensors: NamedTensor[],
  assigned: Assigned,
  isOrdered: boolean,
): void {
  const leaves = leavesOf(layer, saved);
  const count = leaves.flatMap(weightsOf).length;
  if (count !== tensors.length) throw new Error(countsDiffer(layer, count, tensors.length));
  const split = splitAmong(layer, leaves, tensors, isOrdered);
  for (const [leaf, part] of split) {
    assign(leaf.layer, weightsOf(leaf), inOrderOf(leaf, part, isOrdered), assigned);
  }
}

/** By the names of the layers, where each is in the names of its own weights and of no other's. */
function splitAmong(
  layer: Layer,
  leaves: Leaf[],
  tensors: NamedTensor[],
  isOrdered: boolean,
): [Leaf, NamedTensor[]][] {
  const byName = leaves.map((leaf): [Leaf, NamedTensor[]] => {
    return [leaf, tensors.filter((tensor) => stepsOf(tensor).at(-2) === leaf.layer.name)];
  });
  const isWhole = byName.every(([leaf, part]) => part.length === weightsOf(leaf).length);
  const named = byName.flatMap(([, part]) => part);
  if (isWhole && new Set(named).size === tensors.length) return byName;
  const isKnown = isOrdered && !hasStrangers(layer);
  return isKnown ? splitInKerasOrder(leaves, tensors) : splitByLooks(layer, tensors, isOrdered);
}

/** Whether it has a class of a user's, with layers in an order that nothing says. */
function hasStrangers(layer: Layer): boolean {
  const parts = partsOf(layer);
  if (parts.length && !hasKnownOrder(layer)) return true;
  return parts.some(({held}) => [held].flat().some(hasStrangers));
}

/** All weights to train, then the others. */
function splitInKerasOrder(leaves: Leaf[], tensors: NamedTensor[]): [Leaf, NamedTensor[]][] {
  let next = 0;
  const take = ({length}: LayerVariable[]) => {
    next += length;
    return tensors.slice(next - length, next);
  };
  const trainable = leaves.map((leaf) => take(leaf.trainable));
  return leaves.map((leaf, i) => [leaf, [...trainable[i], ...take(leaf.nonTrainable)]]);
}
