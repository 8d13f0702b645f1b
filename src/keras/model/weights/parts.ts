/**
 * The parts that a layer's weights belong to. Keras keeps the weights of a layer that holds other
 * layers under the names by which it holds them: a Bidirectional's under `forward_layer` and
 * `backward_layer`, a user's own class's under its attributes.
 */
import {LayersModel, type LayerVariable, type layers} from '@tensorflow/tfjs-layers';
import {rowOf, rowOfLayer} from '../../config/classes/index.js';
import {classOf, layersOf, nameOf, type SavedLayer, snakeCase} from '../../config/saved.js';
import {KerasCall} from '../../layers/keras_call.js';
import {heldLayers} from '../../layers/keras_layer.js';
import type {NamedTensor} from '../../read/tensor.js';

export type Layer = layers.Layer;

/** A layer within another, or several that are held as one list. */
export interface Part {
  /** Keras's name of the attribute; of the class of tfjs it is the same in camelCase. */
  attribute: string;
  /** More than one or none: a list. */
  held: Layer | Layer[];
  /** What the file says of each of them, where it says so. */
  saved: (SavedLayer | undefined)[];
  /** Whether the order of the list means something. */
  isOrdered: boolean;
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
export function hasKnownOrder(outer: Layer): boolean {
  const layer = called(outer);
  return isModel(layer) || attributesOf(layer) !== undefined;
}

export const isModel = (layer: Layer): boolean => (layer as unknown) instanceof LayersModel;

/** A `KerasCall` is no layer of Keras's, but the way in which one is called. */
export const called = (layer: Layer): Layer => (layer instanceof KerasCall ? layer.layer : layer);

/** Whether a user's own class lists its attributes in a static `innerLayers`, in Python's order. */
export const declaresOrder = (layer: Layer): boolean => Array.isArray(declared(layer));

const declared = (layer: Layer) => (layer.constructor as {innerLayers?: unknown}).innerLayers;

function attributesOf(layer: Layer): string[] | undefined {
  const names = declared(layer);
  if (Array.isArray(names)) return names.map((name) => snakeCase(String(name)));
  const {holds} = rowOfLayer(layer);
  return holds && [...holds];
}

/** The layers that a layer holds. */
export function partsOf(outer: Layer, saved?: SavedLayer): Part[] {
  const layer = called(outer);
  if (isModel(layer)) {
    const inside = (layer as unknown as LayersModel).layers;
    if (!saved || !layersOf(saved)) {
      const nothing = inside.map(() => undefined);
      return [{attribute: 'layers', held: inside, saved: nothing, isOrdered: true}];
    }
    const byName = new Map(inside.map((each) => [each.name, each]));
    const pairs = (layersOf(saved) ?? []).map((each) => [byName.get(nameOf(each)), each] as const);
    // One that the file has and the model not, an operation perhaps, still counts in names.
    return [
      {
        attribute: 'layers',
        held: pairs.map(([each]) => each ?? ABSENT),
        saved: pairs.map(([, each]) => each),
        isOrdered: true,
      },
    ];
  }
  const order = attributesOf(layer);
  const found = heldLayers(layer).flatMap(({property, layers: held, isOrdered}): Part[] => {
    const attribute = snakeCase(property);
    if (order && !order.some((name) => bareName(name) === bareName(attribute))) return [];
    const inConfig = saved?.config?.[attribute.replace(/^_+/, '')];
    const listed = [inConfig].flat();
    const savedParts = [held].flat().map((_, i) => (listed[i]?.class_name ? listed[i] : undefined));
    return [{attribute, held, saved: savedParts, isOrdered}];
  });
  if (!order) return found;
  return order.flatMap((name) =>
    found.filter(({attribute}) => bareName(attribute) === bareName(name)),
  );
}

/** A name without what camelCase and the private attributes of Python change in it. */
export const bareName = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** Stands for a layer that is in the file and not in the model. */
export const ABSENT = Object.freeze({}) as unknown as Layer;

/** The weights that a layer has by itself. */
export function ownWeights(outer: Layer): Pick<Leaf, 'trainable' | 'nonTrainable'> {
  const layer = called(outer);
  const inside = new Set(partsOf(layer).flatMap(({held}) => [held].flat().flatMap(allWeights)));
  const own = (weights: LayerVariable[]) => weights.filter((weight) => !inside.has(weight));
  return {trainable: own(layer.trainableWeights), nonTrainable: own(layer.nonTrainableWeights)};
}

/** Its own weights and those of all that it holds. */
function allWeights(layer: Layer): LayerVariable[] {
  return leavesOf(layer).flatMap(({trainable, nonTrainable}) => [...trainable, ...nonTrainable]);
}

/** All layers with weights of their own in a layer, in the order in which Keras counts them. */
export function leavesOf(outer: Layer, saved?: SavedLayer): Leaf[] {
  if (outer === ABSENT) return [];
  const layer = called(outer);
  const own = ownWeights(layer);
  const inner = partsOf(layer, saved).flatMap(({held, saved: each}) =>
    [held].flat().flatMap((part, i) => leavesOf(part, each[i])),
  );
  const hasOwn = own.trainable.length + own.nonTrainable.length > 0;
  return hasOwn ? [{layer, saved, ...own}, ...inner] : inner;
}

/** The class by which Keras counts a layer in a list. */
export function kindOf(layer: Layer, saved?: SavedLayer): string {
  const {inPython} = saved ? rowOf(saved) : {};
  return snakeCase(inPython ?? classOf(saved ?? {class_name: layer.getClassName()}));
}

export const weightsOf = ({trainable, nonTrainable}: Leaf): LayerVariable[] => [
  ...trainable,
  ...nonTrainable,
];

/** The steps of a name, without the number of an output that Keras 2 has at its end. */
export const stepsOf = ({name}: NamedTensor): string[] => name.replace(/:\d+$/, '').split('/');
