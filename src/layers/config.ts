import type {serialization} from '@tensorflow/tfjs-core';

/**
 * A saved config with its keys in camelCase, whichever of Keras's spelling and tfjs's it came in.
 * Values, such as class names, stay.
 */
export function camelCaseKeys(config: serialization.ConfigDict): serialization.ConfigDict {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      isDict(value) ? camelCaseKeys(value) : value,
    ]),
  );
}

function isDict(value: serialization.ConfigDictValue): value is serialization.ConfigDict {
  return Object.prototype.toString.call(value) === '[object Object]';
}
