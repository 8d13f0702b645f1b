/**
 * The operations between layers. Keras 3 saves `x + y` in the place of a layer, with a class named as
 * a layer may be (`Add` of keras.src.ops.numpy), Keras 2 as a TFOpLambda or SlicingOpLambda.
 */
import {type Argument, type Reference, references, type SavedCall} from '../config/calls.js';
import {classOf, type Json, nameOf, own, type SavedLayer} from '../config/saved.js';
import type {KerasVersion} from '../config/version.js';

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
export function isOperation({class_name, module}: SavedLayer): boolean {
  return OPERATION_LAYERS.has(class_name) || /^keras\.(src\.)?ops\./.test(module ?? '');
}

/** By the name in Keras 3, or the function in Keras 2: the layer that does the same with two tensors. */
const MERGING: Record<string, string> = {
  Add: 'Add',
  Maximum: 'Maximum',
  Minimum: 'Minimum',
  Multiply: 'Multiply',
  '__operators__.add': 'Add',
  'math.add': 'Add',
  'math.multiply': 'Multiply',
};

/**
 * An operation as a layer of tfjs, for one of its calls.
 *
 * @throws Error There is none that does the same.
 */
export function translateOperation(
  saved: SavedLayer,
  {args, kwargs}: SavedCall,
  _version: KerasVersion,
): TranslatedOperation {
  const name = typeof saved.config.function === 'string' ? saved.config.function : classOf(saved);
  const className = own(MERGING, name);
  if (!className) throw new Error(`the operation ${name} "${nameOf(saved)}" is not supported.`);
  const given: Argument[] = [...args, ...Object.values(kwargs)].filter((value) => value != null);
  const inputs = given.flatMap((value) => {
    const found = references(value);
    if (found.length) return found;
    throw new Error(
      `the operation ${name} "${nameOf(saved)}" is called with the constant ` +
        `${JSON.stringify(value)}, which is not supported.`,
    );
  });
  return {class_name: className, config: {name: nameOf(saved)}, inputs};
}
