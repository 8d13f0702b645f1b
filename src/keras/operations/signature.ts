/** Reads the signature of a function of `keras.ops`, as Keras's documentation prints it. */
import type {Value} from './values.js';

export interface Parameter {
  name: string;
  /** Undefined where a value must be given. */
  otherwise?: Value;
  /** Takes all positional values that are left. */
  isRest?: boolean;
  /** Takes all named values that are left. */
  isOptions?: boolean;
}

/** @param signature such as `x, axis=None, keepdims=False`, `subscripts, *operands` or `x, **options` */
export function parseSignature(signature: string): Parameter[] {
  return signature.split(/,\s*/).map((text) => {
    const [name, otherwise] = text.split('=');
    if (name.startsWith('**')) return {name: name.slice(2), isOptions: true};
    if (name.startsWith('*')) return {name: name.slice(1), isRest: true};
    return otherwise === undefined ? {name} : {name, otherwise: parseDefault(otherwise)};
  });
}

function parseDefault(text: string): Value {
  if (text === 'None') return null;
  if (text === 'True' || text === 'False') return text === 'True';
  return /^'.*'$/.test(text) ? text.slice(1, -1) : Number(text);
}

/**
 * Gives each value its name.
 *
 * @throws Error Too many values, an unknown name, or a value missing.
 */
export function bind<V>(
  signature: string,
  positional: readonly V[],
  named: Readonly<Record<string, V>>,
): Map<string, V | readonly V[] | Value> {
  const parameters = parseSignature(signature);
  const bound = new Map<string, V | readonly V[] | Value>();
  let used = 0;
  for (const {name, isRest, isOptions} of parameters) {
    if (isOptions) continue;
    if (Object.hasOwn(named, name)) bound.set(name, named[name]);
    else if (isRest) {
      bound.set(name, positional.slice(used));
      used = positional.length;
    } else if (used < positional.length) bound.set(name, positional[used++]);
  }
  if (used < positional.length) {
    throw new Error(`is given ${positional.length} values, more than ${signature} takes.`);
  }
  const takesOthers = parameters.some(({isOptions}) => isOptions);
  for (const [name, value] of Object.entries(named)) {
    if (bound.has(name)) continue;
    if (!takesOthers) throw new Error(`has no argument ${name}: it takes ${signature}.`);
    bound.set(name, value);
  }
  for (const {name, otherwise, isRest, isOptions} of parameters) {
    if (bound.has(name) || isRest || isOptions) continue;
    if (otherwise === undefined) throw new Error(`lacks its argument ${name}.`);
    bound.set(name, otherwise);
  }
  return bound;
}
