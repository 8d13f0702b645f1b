/** Reads the calls of a layer in a functional model, as Keras 2 and as Keras 3 save them. */
import {rowOf} from './classes/index.js';
import {classOf, type Json, nameOf, own, printed, type SavedLayer} from './saved.js';

/** A tensor of a model: the layer that gives it, at which of its calls, which of its outputs. */
export type Reference = [layer: string, call: number, output: number];

/** A tensor in the place of an argument; whatever else is in one is a constant. */
export class TensorArgument {
  constructor(
    readonly reference: Reference,
    /** Where Keras 3 says it. */
    readonly dtype?: string,
  ) {}
}

/** A tensor, a constant, or lists and objects of both. */
export type Argument = TensorArgument | Json;

/** A call as it is saved, with its tensors as `TensorArgument`. */
export interface SavedCall {
  args: Argument[];
  kwargs: Record<string, Argument>;
}

/** A call of a layer. */
export interface Call {
  /** The inputs in the order in which the layer of tfjs takes them. */
  inputs: Reference[];
  /** What each input is to the layer: the name of the argument in Keras. */
  names: string[];
  /** Arguments that the class of tfjs has as options, such as `use_causal_mask`. */
  options: Record<string, Json>;
  /** Arguments that are masks. */
  masks: Record<string, Argument>;
  /** The first argument is a list of tensors. */
  listed: boolean;
}

/** The calls with all that is saved of them. */
export function savedCalls({inbound_nodes}: SavedLayer): SavedCall[] {
  return (inbound_nodes ?? []).map((node) => {
    if (!Array.isArray(node)) {
      return {args: node.args.map(withTensors), kwargs: withTensors(node.kwargs ?? {})};
    }
    // Keras 2 saves the first argument alone, and beside each of its tensors all the others by name.
    const isOne = typeof node[0] === 'string';
    const tensors: Json[] = isOne ? [node] : node;
    const kwargs = Object.assign({}, ...tensors.map(([, , , options]) => options));
    const first = tensors.map(firstArgument);
    return {args: isOne ? first : [first], kwargs: withTensors(kwargs)};
  });
}

/** What Keras 2 saves in the place of a layer's name where the argument is a constant. */
const CONSTANT = '_CONSTANT_VALUE';

function firstArgument(saved: Json): Argument {
  return saved[0] === CONSTANT ? saved[2] : new TensorArgument(reference(saved));
}

/** @throws Error An argument that tfjs has no way to give. */
export function readCalls(layer: SavedLayer): Call[] {
  return savedCalls(layer).map((call) => readCall(layer, call));
}

/** What Keras's classes call the first argument of their calls. */
const FIRST_ARGUMENT = new Set(['inputs', 'sequences', 'sequence', 'x']);

function readCall(layer: SavedLayer, {args, kwargs}: SavedCall): Call {
  const className = classOf(layer);
  const row = rowOf(layer);
  const {tensors = [], listed, callOptions = [], callDefaults = {}} = row;
  const {ignored = [], usesMask} = row;
  const inKeras2 = layer.inbound_nodes?.every(Array.isArray);
  const call: Call = {
    inputs: [],
    names: [],
    options: {},
    masks: {},
    listed: Array.isArray(args[0]),
  };
  const fail = (what: string) => {
    throw new Error(`${className} layer "${nameOf(layer)}" is called with ${what}.`);
  };
  const isMask = (name: string) =>
    name === 'mask' || (usesMask === 'named' && /^(query|value|key)_mask$/.test(name));
  const take = (name: string, found: Reference[]) => {
    call.inputs.push(...found);
    call.names.push(...namesOf(name, found));
  };
  const namesOf = (name: string, found: Reference[]) =>
    found.map((_, i) => (name === (tensors[0] ?? 'inputs') ? (listed?.[i] ?? name) : name));

  // By keyword as well: the others may come before it, and tfjs takes it first.
  const takeFirst = (found: Reference[]) => {
    call.inputs.unshift(...found);
    call.names.unshift(...namesOf(tensors[0] ?? 'inputs', found));
  };

  args.forEach((value, i) => {
    const name = tensors[i] ?? 'inputs';
    if (isMask(name)) {
      call.masks[name] = value;
      return;
    }
    const found = references(value);
    if (!found.length && value != null) {
      fail(`the constant ${printed(value)}, which tfjs's layer does not take`);
    }
    take(name, found);
  });
  for (const [key, value] of Object.entries(kwargs)) {
    if (ignored.includes(key) && !inKeras2) continue;
    if (value == null || value === (own(callDefaults, key) ?? false) || key === 'name') continue;
    const found = references(value);
    const isFirst = key === tensors[0] || (FIRST_ARGUMENT.has(key) && !tensors.includes(key));
    if (isMask(key)) call.masks[key] = value;
    else if (found.length && !args.length && isFirst) takeFirst(found);
    else if (found.length && tensors.includes(key)) take(key, found);
    else if (!found.length && callOptions.includes(key)) call.options[key] = value;
    else if (found.length) fail(`the tensor "${key}" by keyword, which is not supported`);
    else fail(`${key} = ${printed(value)}, which tfjs cannot do`);
  }
  return call;
}

/** The tensors in an argument, as saved or as `TensorArgument`: one, or all in a list or object. */
export function references(value: Argument): Reference[] {
  const tensor = toTensor(value);
  if (tensor) return [tensor.reference];
  if (value === null || typeof value !== 'object') return [];
  return valuesInOrder(value).flatMap(references);
}

/**
 * The values of a list or a dict. Keras takes the entries of a dict by the alphabet of their keys,
 * whatever order they are saved in.
 */
export function valuesInOrder(value: Argument): Argument[] {
  if (Array.isArray(value)) return value;
  const entries = Object.entries<Argument>(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([, each]) => each);
}

/** The value with its tensors as `TensorArgument`. */
function withTensors(value: Json): Argument {
  const tensor = toTensor(value);
  if (tensor) return tensor;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withTensors);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTensors(each)]));
}

function toTensor(value: Argument): TensorArgument | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (value instanceof TensorArgument) return value;
  if (value.class_name === '__keras_tensor__') {
    const {keras_history, dtype} = value.config ?? {};
    return new TensorArgument(
      reference(keras_history),
      typeof dtype === 'string' ? dtype : undefined,
    );
  }
  const isReference =
    typeof value[0] === 'string' && Number.isInteger(value[1]) && Number.isInteger(value[2]);
  return isReference ? new TensorArgument(reference(value)) : undefined;
}

function reference(value: Json): Reference {
  const [layer, call, output] = Array.isArray(value) ? value : [];
  if (typeof layer === 'string' && [call, output].every(Number.isInteger)) {
    return [layer, call, output];
  }
  throw new Error(
    `a tensor must be a [layer, call, output] that tfjs's layers take, but is ${printed(value)}.`,
  );
}
