/** Reads a functional model: its layers with their calls, which are numbered from 0. */
import {isOperation, translateOperation} from '../operations/index.js';
import {CallNumbers} from './call_numbers.js';
import {
  type Argument,
  type Call,
  type Reference,
  readCalls,
  references,
  savedCalls,
  TensorArgument,
  valuesInOrder,
} from './calls.js';
import {checkCalls} from './check_calls.js';
import {rowOf} from './classes/index.js';
import type {KerasClass} from './classes/row.js';
import type {Mask} from './masks/mask.js';
import {maskOfArgument} from './masks/of_argument.js';
import {callOrder} from './masks/order.js';
import {isOwnClass, ownCalls} from './own_classes.js';
import {classOf, type Json, layersOf, nameOf, type SavedLayer} from './saved.js';
import type {KerasVersion} from './version.js';
import {withWholeNumbers} from './whole_numbers.js';

/** A layer, or an operation in the place of one. */
export interface GraphLayer {
  name: string;
  className: string;
  row: KerasClass;
  /** The layer's config as Keras saves it. */
  config: Json;
  calls: GraphCall[];
  /** Absent where the loader adds the layer. */
  saved?: SavedLayer;
  /** The layer of tfjs, where it is not to be translated from what is saved. */
  translated?: {class_name: string; config: Json};
}

export interface GraphCall extends Omit<Call, 'masks'> {
  /** The masks that the call is given by keyword, by the name of the argument. */
  masks: Record<string, (Mask | null)[]>;
}

export interface Graph {
  name: string;
  layers: GraphLayer[];
  inputs: Reference[];
  outputs: Reference[];
  /** The calls in the order in which Keras makes them. */
  order: {layer: string; call: number}[];
  numbers: CallNumbers;
}

/** @throws Error A call that is not as it should be, or an operation that tfjs has not. */
export function readGraph(config: Json, version: KerasVersion): Graph {
  const saved = withWholeNumbers(config.layers, version);
  const numbers = new CallNumbers(saved);
  const fromZero = (ref: Reference) => numbers.fromZero(ref);
  const inputs = references(config.input_layers);
  const outputs = references(config.output_layers).map((ref) => numbers.outputFromZero(ref));
  const layers = neededLayers(saved, outputs, (layer) =>
    readLayer(layer, saved, version, fromZero),
  );
  checkCalls(layers, inputs, outputs);
  const order = callOrder(saved, outputs, fromZero);
  return {name: config.name, layers, inputs, outputs, order, numbers};
}

/**
 * The layers that an output needs, and all inputs. Keras 3 saves operations that make masks as well,
 * which are not needed where `masks/` knows what they make.
 */
function neededLayers(
  saved: SavedLayer[],
  outputs: Reference[],
  read: (layer: SavedLayer) => GraphLayer,
): GraphLayer[] {
  const byName = new Map(saved.map((layer) => [nameOf(layer), layer]));
  const found = new Map<string, GraphLayer>();
  const waiting = saved.filter((l) => l.class_name === 'InputLayer').map(nameOf);
  waiting.push(...outputs.map(([name]) => name));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const layer = byName.get(name);
    if (!layer || found.has(name)) continue;
    const graphLayer = read(layer);
    found.set(name, graphLayer);
    for (const {inputs, masks} of graphLayer.calls) {
      const needed = [...inputs, ...Object.values(masks).flat().flatMap(tensorsOf)];
      waiting.push(...needed.map(([from]) => from));
    }
  }
  return saved.flatMap((layer) => found.get(nameOf(layer)) ?? []);
}

/** The tensors of the model that a mask is made of. */
function tensorsOf(mask: Mask | null): Reference[] {
  if (mask?.kind === 'tensor') return [mask.ref];
  if (mask?.kind === 'made') return [mask.of];
  if (mask?.kind !== 'combined') return [];
  return mask.parts.flatMap((part) => ('mask' in part ? tensorsOf(part.mask) : [part.unmasked]));
}

function readLayer(
  saved: SavedLayer,
  all: SavedLayer[],
  version: KerasVersion,
  fromZero: (ref: Reference) => Reference,
): GraphLayer {
  const name = nameOf(saved);
  const {config} = saved;
  if (isOperation(saved)) return readOperation(saved, version, fromZero);
  const isOwn = isOwnClass(saved) && !layersOf(saved);
  const calls = (isOwn ? ownCalls(saved) : readCalls(saved)).map(
    (call): GraphCall => ({
      ...call,
      inputs: call.inputs.map(fromZero),
      masks: Object.fromEntries(
        Object.entries(call.masks).map(([key, value]) => [key, masksOf(value, all, fromZero)]),
      ),
    }),
  );
  return {name, className: classOf(saved), row: rowOf(saved), config, calls, saved};
}

/** One mask, or one for each tensor of a list or an object. */
function masksOf(
  value: Argument,
  layers: SavedLayer[],
  fromZero: (ref: Reference) => Reference,
): (Mask | null)[] {
  const isOne = value == null || value instanceof TensorArgument || typeof value !== 'object';
  const each: Argument[] = isOne ? [value] : valuesInOrder(value);
  return each.map((one) => maskOfArgument(one, layers, fromZero));
}

function readOperation(
  saved: SavedLayer,
  version: KerasVersion,
  fromZero: (ref: Reference) => Reference,
): GraphLayer {
  const name = nameOf(saved);
  const calls = savedCalls(saved).map((call) => translateOperation(saved, call, version));
  const [first, ...others] = calls;
  if (!first) throw new Error(`the operation ${classOf(saved)} "${name}" is never called.`);
  const {class_name, config} = first;
  if (others.some((other) => JSON.stringify(other.config) !== JSON.stringify(config))) {
    throw new Error(`the operation ${classOf(saved)} "${name}" is called in different ways.`);
  }
  return {
    name,
    className: `operation ${classOf(saved)}`,
    row: {},
    config: saved.config,
    calls: calls.map(({inputs}) => ({...plainCall(inputs.map(fromZero))})),
    translated: {class_name, config},
  };
}

/** A call of a layer that is given tensors and nothing else. */
export function plainCall(inputs: Reference[]): GraphCall {
  return {inputs, names: inputs.map(() => 'inputs'), options: {}, masks: {}, listed: false};
}

/**
 * A sequential model's config as that of a functional one.
 *
 * @returns undefined: it does not say what shape its input has, as one that is nested need not.
 */
export function asGraph(config: Json): Json | undefined {
  const saved: SavedLayer[] = [...config.layers];
  const [first] = saved;
  if (first.class_name !== 'InputLayer') {
    // As Keras 2.2 saved it: the first layer says what shape the input has.
    const {batch_input_shape, dtype = 'float32', name} = first.config;
    if (!batch_input_shape) return undefined;
    const input = {batch_input_shape, dtype, name: `${name}_input`};
    saved.unshift({class_name: 'InputLayer', config: input});
  }
  const names = saved.map(nameOf);
  const layers = saved.map((layer, i) => ({
    ...layer,
    name: names[i],
    inbound_nodes: i === 0 ? [] : [{args: [tensor(names[i - 1])], kwargs: {}}],
  }));
  const isFunctional = Boolean(saved.at(-1)?.config?.output_layers);
  return {
    name: config.name,
    layers,
    input_layers: [[names[0], 0, 0]],
    // As Keras 3 numbers the calls of a Functional, see `call_numbers.ts`.
    output_layers: [[names.at(-1), isFunctional ? 1 : 0, 0]],
  };
}

const tensor = (layer: string) => ({
  class_name: '__keras_tensor__',
  config: {keras_history: [layer, 0, 0]},
});
