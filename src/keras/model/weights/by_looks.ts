/**
 * Weights of a user's own class in an `.h5` file, which names the layers within it not by the
 * attributes that hold them but by their own names: `block/dense_3/kernel`. Unless these were chosen
 * in Python, they are made of the class, with a number.
 */

import {isBuiltIn} from '../../layers/register.js';
import type {NamedTensor} from '../../read/tensor.js';
import {placeOf} from './assign.js';
import {
  called,
  declaresOrder,
  hasKnownOrder,
  kindOf,
  type Layer,
  type Leaf,
  leavesOf,
  localName,
  partsOf,
  stepsOf,
  weightsOf,
} from './parts.js';

/** Weights in the file whose names begin alike. */
interface Group {
  /** What they begin with. */
  steps: string[];
  tensors: NamedTensor[];
}

/**
 * Gives each layer within `layer` the group that has its weights' names and shapes and the name of
 * its class. Several of a kind go by their order, where it is known.
 *
 * @param isOrdered whether the weights come in Keras's order
 * @throws Error No group is left for a layer, or several fit and nothing tells them apart.
 */
export function splitByLooks(
  layer: Layer,
  tensors: NamedTensor[],
  isOrdered: boolean,
): [Leaf, NamedTensor[]][] {
  const prefixes = prefixesOf(tensors);
  const places = leavesWithPlaces(layer, []);
  const alike = new Map<string, {leaves: Leaf[]; groups: Group[]}>();
  for (const leaf of leavesOf(layer)) {
    const groups = groupsFor(leaf, prefixes, tensors).filter((group) =>
      fitsWay(places, leaf, group),
    );
    const key = groups.map(({steps}) => steps.join('/')).join(' ');
    const {leaves} = alike.get(key) ?? {leaves: []};
    alike.set(key, {leaves: [...leaves, leaf], groups});
  }
  const taken = new Set<NamedTensor>();
  // First those that have the least choice.
  const sets = [...alike.values()].sort((a, b) => a.groups.length - b.groups.length);
  return sets.flatMap(({leaves, groups}) => {
    const free = groups.filter((group) => !group.tensors.some((tensor) => taken.has(tensor)));
    const isClear = leaves.every((leaf, i) =>
      leaves.slice(i + 1).every((other) => isOrdered && isOrderKnown(places, leaf, other)),
    );
    if (free.length !== leaves.length || !isClear) {
      throw new Error(unclear(layer, leaves[0], free.length, prefixes, isOrdered));
    }
    return leaves.map((leaf, i): [Leaf, NamedTensor[]] => {
      for (const tensor of free[i].tensors) taken.add(tensor);
      return [leaf, free[i].tensors];
    });
  });
}

/** All that the names of weights begin with, in the order in which they come. */
function prefixesOf(tensors: NamedTensor[]): string[][] {
  const found = new Map<string, string[]>();
  for (const tensor of tensors) {
    const steps = stepsOf(tensor);
    for (let length = steps.length - 1; length >= 0; length--) {
      const prefix = steps.slice(0, length);
      found.set(prefix.join('/'), prefix);
    }
  }
  return [...found.values()];
}

/** The groups that a layer may have: of those named as it is, or as its class, or else of all. */
function groupsFor(leaf: Leaf, prefixes: string[][], tensors: NamedTensor[]): Group[] {
  const all = prefixes.flatMap((steps): Group[] => {
    const found = groupAt(leaf, steps, tensors);
    return found ? [{steps, tensors: found}] : [];
  });
  const kind = new RegExp(`^${kindOf(leaf.layer)}(_\\d+)?$`);
  const named = all.filter(({steps}) => steps.at(-1) === leaf.layer.name);
  const ofKind = all.filter(({steps}) => kind.test(steps.at(-1) ?? ''));
  return [named, ofKind, all].find((groups) => groups.length) ?? [];
}

/** The weights of a layer, if those are all whose names begin with `steps`. */
function groupAt(leaf: Leaf, steps: string[], tensors: NamedTensor[]): NamedTensor[] | undefined {
  const own = weightsOf(leaf);
  const deepest = Math.max(...own.map((weight) => localName(weight).split('/').length));
  const below = tensors.filter((tensor) => {
    const names = stepsOf(tensor);
    const isBelow = steps.every((step, i) => names[i] === step);
    return isBelow && names.length > steps.length && names.length <= steps.length + deepest;
  });
  const inPlace = ordered(leaf, below);
  const fits =
    inPlace.length === own.length &&
    own.every(({shape}, i) => String(shape) === String(inPlace[i].shape));
  return fits ? inPlace : undefined;
}

/**
 * A layer's weights in the order of the layer: by name, where all are there by name, otherwise as they
 * come.
 *
 * @throws Error Nothing says in which order they come, and some have the same shape.
 */
export function inOrderOf(leaf: Leaf, tensors: NamedTensor[], isOrdered: boolean): NamedTensor[] {
  const found = ordered(leaf, tensors);
  const shapes = tensors.map(({shape}) => String(shape));
  const isUnclear = found === tensors && new Set(shapes).size < shapes.length;
  const isKnown = isBuiltIn(leaf.layer.getClassName()) || declaresOrder(leaf.layer);
  if (!isUnclear || (isOrdered && isKnown)) return found;
  const list = (names: string[]) => names.map((name) => `"${name}"`).join(', ');
  throw new Error(
    `${placeOf(leaf.layer)}: its weights ${list(weightsOf(leaf).map(localName))} cannot be matched ` +
      `with those of the file, ${list(tensors.map(({name}) => name))}, of which some have the same ` +
      "shape. Name them in addWeight by the last of Python's names.",
  );
}

function ordered(leaf: Leaf, tensors: NamedTensor[]): NamedTensor[] {
  const found = weightsOf(leaf).map((weight) => {
    const name = localName(weight);
    const ending = `/${name}`;
    const fitting = tensors.filter((each) => `/${stepsOf(each).join('/')}`.endsWith(ending));
    return fitting.length === 1 ? fitting[0] : undefined;
  });
  return found.every((tensor) => tensor !== undefined) ? found : tensors;
}

/** A layer within another: through which layers, and at which place in each. */
interface Place {
  layer: Layer;
  path: {holder: Layer; at: string; isOrdered: boolean}[];
}

function leavesWithPlaces(outer: Layer, path: Place['path']): Place[] {
  const layer = called(outer);
  const inner = partsOf(layer).flatMap(({attribute, held, isOrdered}) =>
    [held].flat().flatMap((part, i) => {
      const step = {holder: layer, at: attribute, isOrdered};
      const inList = {holder: layer, at: `${attribute} ${i}`, isOrdered};
      return leavesWithPlaces(part, [...path, step, inList]);
    }),
  );
  return [{layer, path}, ...inner];
}

/** A Bidirectional names its layers by their ways, `forward_lstm` and `backward_lstm`. */
function fitsWay(places: Place[], leaf: Leaf, {steps}: Group): boolean {
  const path = places.find(({layer}) => layer === leaf.layer)?.path ?? [];
  const ways = path.flatMap(({at}) => /^(forward|backward)_layer$/.exec(at)?.[1] ?? []);
  const named = steps.flatMap((step) => /^(forward|backward)_/.exec(step)?.[1] ?? []);
  return !ways.length || !named.length || ways.at(-1) === named.at(-1);
}

/** Whether the first layer in which two layers are in different places has them in a known order. */
function isOrderKnown(places: Place[], one: Leaf, other: Leaf): boolean {
  const [a, b] = [one, other].map((leaf) => places.find(({layer}) => layer === leaf.layer)?.path);
  const i = a?.findIndex(({holder, at}, k) => b?.[k]?.holder !== holder || b[k].at !== at) ?? -1;
  if (!a || !b || i < 0) return false;
  const isInList = i % 2 === 1;
  return isInList ? a[i].isOrdered : hasKnownOrder(a[i].holder);
}

function unclear(
  layer: Layer,
  leaf: Leaf,
  count: number,
  prefixes: string[][],
  isOrdered: boolean,
): string {
  const own = placeOf(called(layer));
  const looks = weightsOf(leaf)
    .map((weight) => `${localName(weight)} [${weight.shape}]`)
    .join(', ');
  const inner = `${leaf.layer.getClassName()} with ${looks}`;
  if (!count) {
    const names = prefixes.map((steps) => `"${steps.join('/')}"`).join(', ');
    return `${own}: the file has no weights for its ${inner}. It has some under ${names}.`;
  }
  if (!isOrdered) {
    return `${own}: the file has weights of several layers like its ${inner}, in another order than Keras's.`;
  }
  const properties = partsOf(layer).map(({attribute}) => `'${attribute}'`);
  return (
    `${own}: the file has weights of several layers like its ${inner}, and an .h5 file does not say ` +
    'in which attribute of the class each was. Say in which order the class in Python makes its ' +
    `layers, by a static property of your class: static innerLayers = [${properties.join(', ')}].`
  );
}
