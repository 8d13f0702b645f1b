/**
 * The parts that a layer's weights belong to. Keras keeps the weights of a layer that holds other
 * layers under the names by which it holds them: a Bidirectional's under `forward_layer` and
 * `backward_layer`, a user's own class's under its attributes.
 */
import {LayersModel, type LayerVariable, layers} from '@tensorflow/tfjs-layers';
import {rowOf} from '../../config/classes/index.js';
import {classOf, layersOf, nameOf, type SavedLayer, snakeCase} from '../../config/saved.js';

export type Layer = layers.Layer;

/** A layer within another, or several that are held as one list. */
export interface Part {
  /** Keras's name of the attribute; of the class of tfjs it is the same in camelCase. */
  attribute: string;
  /** More than one or none: a list. */
  held: Layer | Layer[];
  /** What the file says of each of them, where it says so. */
  saved: (SavedLayer | undefined)[];
}

/** A layer whose weights are its own, or some of those of a layer that Keras makes of several. */
export interface Leaf {
  layer: Layer;
  saved?: SavedLayer;
  trainable: LayerVariable[];
  nonTrainable: LayerVariable[];
}

/** What tfjs calls each weight within its layer, such as `kernel` or `query/kernel`. */
const localNames = new WeakMap<object, string>();

export function rememberName(weight: object, name: string): void {
  localNames.set(weight, name);
}

export function localName(weight: LayerVariable): string {
  return localNames.get(weight) ?? (weight.originalName.split('/').at(-1) as string);
}

/** Whether the order of what it holds is known: by Keras's class, or because the class says so. */
export function hasKnownOrder(layer: Layer): boolean {
  return isModel(layer) || attributesOf(layer) !== undefined;
}

export const isModel = (layer: Layer): boolean => (layer as unknown) instanceof LayersModel;

/** A user's own class may list its attributes in a static `innerLayers`, in Python's order. */
function attributesOf(layer: Layer): string[] | undefined {
  const declared = (layer.constructor as {innerLayers?: unknown}).innerLayers;
  if (Array.isArray(declared)) return declared.map((name) => snakeCase(String(name)));
  const {holds} = rowOf({class_name: layer.getClassName(), config: {}});
  return holds && [...holds];
}

/** The layers that a layer holds, of those that are built or models. */
export function partsOf(layer: Layer, saved?: SavedLayer): Part[] {
  if (isModel(layer)) {
    const inside = (layer as unknown as LayersModel).layers;
    if (!saved || !layersOf(saved)) {
      return [{attribute: 'layers', held: inside, saved: inside.map(() => undefined)}];
    }
    const byName = new Map(inside.map((each) => [each.name, each]));
    const pairs = (layersOf(saved) ?? []).map((each) => [byName.get(nameOf(each)), each] as const);
    // One that the file has and the model not, an operation perhaps, still counts in names.
    return [
      {
        attribute: 'layers',
        held: pairs.map(([each]) => each ?? ABSENT),
        saved: pairs.map(([, each]) => each),
      },
    ];
  }
  const order = attributesOf(layer);
  const found = Object.entries(layer).flatMap(([property, value]): Part[] => {
    const attribute = snakeCase(property);
    if (order && !order.includes(attribute)) return [];
    const held = heldIn(value);
    if (!held) return [];
    const inConfig = saved?.config?.[attribute.replace(/^_+/, '')];
    const all = [held].flat();
    const listed = Array.isArray(inConfig) ? inConfig : [inConfig];
    return [
      {attribute, held, saved: all.map((_, i) => (listed[i]?.class_name ? listed[i] : undefined))},
    ];
  });
  if (!order) return found;
  return order.flatMap((name) => found.filter(({attribute}) => attribute === name));
}

/** Stands for a layer that is in the file and not in the model. */
export const ABSENT = Object.freeze({}) as unknown as Layer;

/** The layer or layers in a property; undefined where there are none. */
function heldIn(value: unknown): Layer | Layer[] | undefined {
  if (value instanceof layers.Layer) return value;
  const list = Array.isArray(value)
    ? value
    : value !== null &&
        typeof value === 'object' &&
        Object.getPrototypeOf(value) === Object.prototype
      ? Object.values(value)
      : value instanceof Map
        ? [...value.values()]
        : [];
  const held = list.filter((each): each is Layer => each instanceof layers.Layer);
  return held.length ? held : undefined;
}

/** The weights that a layer has by itself. */
export function ownWeights(layer: Layer): Pick<Leaf, 'trainable' | 'nonTrainable'> {
  const inside = new Set(partsOf(layer).flatMap(({held}) => [held].flat().flatMap(allWeights)));
  const own = (weights: LayerVariable[]) => weights.filter((weight) => !inside.has(weight));
  return {trainable: own(layer.trainableWeights), nonTrainable: own(layer.nonTrainableWeights)};
}

/** Its own weights and those of all that it holds. */
function allWeights(layer: Layer): LayerVariable[] {
  return leavesOf(layer).flatMap(({trainable, nonTrainable}) => [...trainable, ...nonTrainable]);
}

/** All layers with weights of their own in a layer, in the order in which Keras counts them. */
export function leavesOf(layer: Layer, saved?: SavedLayer): Leaf[] {
  if (layer === ABSENT) return [];
  const own = ownWeights(layer);
  const inner = partsOf(layer, saved).flatMap(({held, saved: each}) =>
    [held].flat().flatMap((part, i) => leavesOf(part, each[i])),
  );
  const hasOwn = own.trainable.length + own.nonTrainable.length > 0;
  return hasOwn ? [{layer, saved, ...own}, ...inner] : inner;
}

/** The class by which Keras counts a layer in a list. */
export function kindOf(layer: Layer, saved?: SavedLayer): string {
  return snakeCase(saved ? classOf(saved) : layer.getClassName());
}
