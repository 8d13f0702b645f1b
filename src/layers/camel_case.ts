import type {serialization} from '@tensorflow/tfjs-core';

/**
 * A copy of a saved config with its keys in camelCase, whichever of Keras's spelling and tfjs's it
 * came in. Values, such as class names, stay.
 */
export function camelCaseKeys(config: serialization.ConfigDict): serialization.ConfigDict {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      isDict(value) ? camelCaseKeys(value) : value,
    ]),
  );
}

/** Whether it is a plain object (from whichever realm), not an array or an object of a class. */
export function isDict(value: unknown): value is serialization.ConfigDict {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
