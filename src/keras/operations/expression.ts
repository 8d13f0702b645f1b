/**
 * An operation with its arguments, as text: tfjs changes the case of all strings of a config when it
 * saves and loads one, but for what is called a name.
 */
import {bind} from './signature.js';
import {Constant, Ellipsis, Slice, type TensorLike, type Value} from './values.js';

/** An argument as JSON has it. */
export type Saved =
  | null
  | boolean
  | number
  | string
  | readonly Saved[]
  /** The layer's input of this number. */
  | {tensor: number}
  | {constant: unknown; dtype?: string}
  | {slice: readonly [Saved, Saved, Saved]}
  | {ellipsis: true}
  /** What JSON has no number for. */
  | {number: 'Infinity' | '-Infinity' | 'NaN'};

export interface Expression {
  /** The name of a row of the table. */
  operation: string;
  arguments: Record<string, Saved>;
  /** Of each input, the dtype that Keras says; null where it says none. */
  dtypes: (string | null)[];
}

/** The arguments under their names, with `inputs` in their places. */
export function decode(
  {arguments: saved}: Expression,
  signature: string,
  inputs: readonly TensorLike[],
): Map<string, Value> {
  const decoded = (value: Saved): Value => {
    if (value === null || typeof value !== 'object') return value;
    if (isList(value)) return value.map(decoded);
    if ('tensor' in value) {
      if (value.tensor < inputs.length) return inputs[value.tensor];
      throw new Error(`is given ${inputs.length} tensors, fewer than it was saved with.`);
    }
    if ('constant' in value) return constantOf(value);
    if ('slice' in value) return new Slice(...(value.slice.map(decoded) as [Value, Value, Value]));
    if ('ellipsis' in value) return new Ellipsis();
    return Number(value.number);
  };
  const values = Object.entries(saved).map(([name, value]) => [name, decoded(value)]);
  return bind<Value>(signature, [], Object.fromEntries(values)) as Map<string, Value>;
}

const isList = (value: Saved): value is readonly Saved[] => Array.isArray(value);

const constants = new WeakMap<object, Constant>();

/** Read once: it may be a table of many positions. */
function constantOf(saved: {constant: unknown; dtype?: string}): Constant {
  const constant = constants.get(saved) ?? new Constant(saved.constant, saved.dtype);
  constants.set(saved, constant);
  return constant;
}
