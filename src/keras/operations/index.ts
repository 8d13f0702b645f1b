/**
 * The operations between layers. Keras 3 saves `x + y` in the place of a layer, with a class named as
 * a layer may be (`Add` of keras.src.ops.numpy), Keras 2 as a TFOpLambda or SlicingOpLambda.
 */
import {type Argument, type Reference, type SavedCall, TensorArgument} from '../config/calls.js';
import {classOf, type Json, nameOf, own, printed, type SavedLayer} from '../config/saved.js';
import {inVersion, type KerasVersion} from '../config/version.js';
import type {Expression, Saved} from './expression.js';
import {KerasOperation} from './keras_operation.js';
import {bind} from './signature.js';
import {kerasOperations, operations, refused, renamedArguments} from './table.js';
import {tensorFlowFunctions} from './tensorflow_functions.js';

/** What plays an operation in a model of tfjs. */
export interface TranslatedOperation {
  /** The name of a registered class of layers, and its config. */
  class_name: string;
  config: Json;
  /** The tensors that the layer takes, in this order. */
  inputs: Reference[];
}

/** The layers of Keras 2 that are operations. */
const OPERATION_LAYERS = new Set(['TFOpLambda', 'SlicingOpLambda']);

/** Whether a node of a functional model is an operation, and no layer. */
export function isOperation(saved: SavedLayer): boolean {
  const {class_name, module} = saved;
  if (OPERATION_LAYERS.has(class_name)) return true;
  return module ? /^keras\.(src\.)?ops\./.test(module) : isOperationInHdf5(saved);
}

/**
 * Whether a layer of an .h5 file is an operation: there Keras 3 leaves out the module, but a layer's
 * config says whether it is trainable.
 */
function isOperationInHdf5({class_name, config, inbound_nodes = []}: SavedLayer): boolean {
  const isOfKeras3 = inbound_nodes.some((node) => !Array.isArray(node));
  const isKnown = own(kerasOperations, class_name) ?? own(refused, class_name);
  return isOfKeras3 && isKnown !== undefined && !('trainable' in config);
}

/**
 * An operation as a layer of tfjs, for one of its calls.
 *
 * @throws Error There is none that does the same, or an argument is not one of its own.
 */
export function translateOperation(
  saved: SavedLayer,
  call: SavedCall,
  version: KerasVersion,
): TranslatedOperation {
  const inputs = new Inputs();
  try {
    const {operation, args} = OPERATION_LAYERS.has(saved.class_name)
      ? readKeras2(saved, call, inputs)
      : readKeras3(saved, call, inputs);
    const expression: Expression = {
      operation: isBias(operation, args, version) ? 'TfBiasAdd' : operation,
      arguments: args,
      dtypes: inputs.dtypes,
    };
    return {
      class_name: KerasOperation.className,
      config: {name: nameOf(saved), expression: {name: JSON.stringify(expression)}},
      inputs: inputs.references,
    };
  } catch (error) {
    throw new Error(
      `the operation ${nameIn(saved)} "${nameOf(saved)}" ${(error as Error).message}`,
    );
  }
}

/**
 * Whether Keras on TensorFlow takes what is added for a bias, if its shape allows it: a constant that
 * comes second. A tensor of the model has an open size, its batch.
 *
 * Source: `add` of keras/src/backend/tensorflow/numpy.py, from 3.7 on.
 */
function isBias(operation: string, {x2}: Expression['arguments'], version: KerasVersion): boolean {
  const isConstant = typeof x2 === 'object' && x2 !== null && !('tensor' in x2);
  const guesses = inVersion({'2.0': false, '3.7': true}, version) ?? false;
  return operation === 'Add' && isConstant && guesses;
}

/** What its user wrote: `Mean`, or in Keras 2 `tf.math.reduce_mean`. */
function nameIn({class_name, config}: SavedLayer): string {
  return OPERATION_LAYERS.has(class_name) ? `tf.${config.function}` : classOf({class_name});
}

interface Read {
  operation: string;
  args: Expression['arguments'];
}

/** The tensors met in a call's arguments, each once: tfjs disposes too early of what is given twice. */
class Inputs {
  readonly references: Reference[] = [];
  readonly dtypes: (string | null)[] = [];

  add({reference, dtype}: TensorArgument): Saved {
    const known = this.references.findIndex((each) => String(each) === String(reference));
    if (known >= 0) return {tensor: known};
    this.references.push(reference);
    this.dtypes.push(dtype ?? null);
    return {tensor: this.references.length - 1};
  }
}

const unknown = (reason = 'is not known here') =>
  new Error(
    `${reason}. In Python, put it into a layer of your own, a class that extends keras.layers.Layer, ` +
      'and save the model anew; then give loadKerasModel a class for it that extends tf.layers.Layer.',
  );

function readKeras3(saved: SavedLayer, {args, kwargs}: SavedCall, inputs: Inputs): Read {
  const operation = classOf(saved);
  const row = own(kerasOperations, operation);
  if (!row) throw unknown(own(refused, operation));
  const {name: _, ...options} = saved.config;
  const renamed = own(renamedArguments, operation) ?? {};
  const named = Object.entries({...options, ...kwargs}).map(([key, value]) => [
    own(renamed, key) ?? key,
    savedOf(value, inputs),
  ]);
  const positional = args.map((value) => savedOf(value, inputs));
  return {operation, args: argumentsOf(row.signature, positional, Object.fromEntries(named))};
}

function argumentsOf(
  signature: string,
  positional: Saved[],
  named: Record<string, Saved>,
): Expression['arguments'] {
  return Object.fromEntries(bind<Saved>(signature, positional, named)) as Expression['arguments'];
}

/** In Keras 2 the first argument is a tensor, a constant or a list, and the rest is given by name. */
function readKeras2(saved: SavedLayer, {args, kwargs}: SavedCall, inputs: Inputs): Read {
  const name = String(saved.config.function).replace(/^compat\.v[12]\./, '');
  const known = own(tensorFlowFunctions, name);
  if (!known) throw unknown();
  const {operation, parameters, defaults, ignored} = known;
  const [first] = parameters.values();
  const named: Record<string, Saved> = {...defaults, [first]: savedOf(args[0], inputs)};
  for (const [key, value] of Object.entries(kwargs)) {
    const parameter = parameters.get(key);
    if (parameter) named[parameter] = savedOf(value, inputs);
    else if (value != null && value !== false && !ignored.includes(key)) {
      throw new Error(`is called with ${key} = ${printed(value)}, which is not supported.`);
    }
  }
  return {operation, args: argumentsOf(operations[operation].signature, [], named)};
}

/** An argument as an expression has it. @throws Error It is none that an operation takes. */
function savedOf(value: Argument, inputs: Inputs): Saved {
  if (value instanceof TensorArgument) return inputs.add(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return {number: String(value) as 'Infinity'};
  }
  if (value == null || typeof value !== 'object') return value ?? null;
  if (Array.isArray(value)) return value.map((item) => savedOf(item, inputs));
  const {class_name, config} = value;
  if (class_name === '__tensor__' || class_name === '__numpy__') {
    const {dtype} = config;
    return {constant: config.value, dtype: typeof dtype === 'string' ? dtype : undefined};
  }
  if (class_name === '__ellipsis__') return {ellipsis: true};
  if (class_name === 'DTypePolicy') return savedOf(config.name, inputs);
  const isSlice = class_name === '__slice__' || (!class_name && 'start' in value);
  if (!isSlice) throw new Error(`is called with ${printed(value)}, which is not supported.`);
  const {start, stop, step} = config ?? value;
  const [from, to, by] = [start, stop, step].map((part) => savedOf(part, inputs));
  return {slice: [from, to, by]};
}
