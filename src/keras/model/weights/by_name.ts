/**
 * Weights whose names are known, those of an `.h5` file and of the `model.json` made of it: such as
 * `time_distributed/dense/kernel:0`, where any number of the names before the last may be absent.
 */
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import {type Json, nameOf, type SavedLayer} from '../../config/saved.js';
import type {NamedTensor} from '../../read/hdf5.js';
import {type Assigned, assign, countsDiffer, placeOf} from './assign.js';
import {
  hasKnownOrder,
  kindOf,
  type Layer,
  type Leaf,
  leavesOf,
  localName,
  partsOf,
} from './parts.js';

/** A layer of the model beside what was saved of it. */
type Pair = [layer: Layer, saved: SavedLayer];

/** @throws Error A weight is missing, left over, or of another shape than the layer's. */
export function assignByLayer(
  model: Layer,
  saved: SavedLayer,
  byLayer: Map<string, NamedTensor[]>,
): void {
  const assigned: Assigned = new Map();
  for (const [layer, savedLayer] of pairs(model, saved)) {
    assignOuter(layer, savedLayer, byLayer.get(layer.name) ?? [], assigned);
  }
}

/**
 * The names tell which layer a weight is of, in whatever order they come. Where two layers have the
 * same names inside, the order of the file does, if it is the converter's: that of the layers' names.
 *
 * @throws Error A weight is missing, left over, or of another shape than the layer's.
 */
export function assignByName(model: Layer, saved: SavedLayer, tensors: NamedTensor[]): void {
  const layers = pairs(model, saved).filter(([layer]) => layer.weights.length > 0);
  const named = splitByNames(layers, tensors);
  checkCounts(layers, tensors, named);
  const isWhole = layers.every(([layer]) => named?.get(layer)?.length === layer.weights.length);
  const byLayer = named && isWhole ? named : splitInOrder(layers, tensors);
  const assigned: Assigned = new Map();
  for (const [layer, savedLayer] of layers) {
    assignOuter(layer, savedLayer, byLayer.get(layer) ?? [], assigned);
  }
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

/** The steps of a name, without the number of an output that Keras 2 has at its end. */
const stepsOf = ({name}: NamedTensor) => name.replace(/:\d+$/, '').split('/');

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

/** Gives an outermost layer the weights that the file has for it. */
function assignOuter(
  layer: Layer,
  saved: SavedLayer,
  tensors: NamedTensor[],
  assigned: Assigned,
): void {
  const leaves = leavesOf(layer, saved);
  const count = leaves.flatMap(weightsOf).length;
  if (count !== tensors.length) throw new Error(countsDiffer(layer, count, tensors.length));
  const split = splitAmong(layer, saved, leaves, tensors);
  for (const [leaf, part] of split) {
    assign(leaf.layer, weightsOf(leaf), ordered(leaf, part), assigned);
  }
}

const weightsOf = ({trainable, nonTrainable}: Leaf) => [...trainable, ...nonTrainable];

/** By the names of the layers, where each is in the names of its own weights and of no other's. */
function splitAmong(
  layer: Layer,
  saved: SavedLayer,
  leaves: Leaf[],
  tensors: NamedTensor[],
): [Leaf, NamedTensor[]][] {
  const byName = leaves.map((leaf): [Leaf, NamedTensor[]] => {
    return [leaf, tensors.filter((tensor) => stepsOf(tensor).at(-2) === leaf.layer.name)];
  });
  const isWhole = byName.every(([leaf, part]) => part.length === weightsOf(leaf).length);
  const named = byName.flatMap(([, part]) => part);
  if (isWhole && new Set(named).size === tensors.length) return byName;
  if (!hasStrangers(layer)) return splitInKerasOrder(leaves, tensors);
  return splitByLooks(layer, saved, leaves, tensors);
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

/**
 * A class of a user's holds layers that Keras has named after their classes. Each group of weights
 * goes to the layer that has the same class and shapes; there must be one only.
 *
 * @throws Error None, or more than one.
 */
function splitByLooks(
  layer: Layer,
  saved: SavedLayer,
  leaves: Leaf[],
  tensors: NamedTensor[],
): [Leaf, NamedTensor[]][] {
  const inOrder = splitInKerasOrder(leaves, tensors);
  const looks = inOrder.map(([leaf]) => lookOf(leaf));
  const twice = looks.find((look, i) => looks.indexOf(look) !== i);
  const fits = inOrder.every(([leaf, part]) =>
    weightsOf(leaf).every(({shape}, i) => String(shape) === String(part[i].shape)),
  );
  if (twice === undefined && fits) return inOrder;
  const names = partsOf(layer, saved).map(({attribute}) => `'${attribute}'`);
  throw new Error(
    `${placeOf(layer)}: an .h5 file does not name the attributes of a class of your own, and ` +
      `${twice === undefined ? 'its weights do not fit in the order of its properties' : `there are several with weights as of ${twice}`}. ` +
      `Say in which order the class in Python makes them: static innerLayers = [${names.join(', ')}].`,
  );
}

const lookOf = (leaf: Leaf) =>
  `${kindOf(leaf.layer)} ${weightsOf(leaf)
    .map(({shape}) => `[${shape}]`)
    .join(' ')}`;

/** By name, where the layer of tfjs has the same names; otherwise as they come. */
function ordered(leaf: Leaf, tensors: NamedTensor[]): NamedTensor[] {
  const byName = new Map(tensors.map((tensor) => [stepsOf(tensor).at(-1), tensor]));
  const found = weightsOf(leaf).map((weight) => byName.get(localName(weight)));
  return found.every((tensor) => tensor !== undefined) ? found : tensors;
}
