/** The version of Keras that saved a model: its rules are what the model was made by. */
import {printed} from './saved.js';

export interface KerasVersion {
  major: number;
  minor: number;
}

/** @throws Error It is no version, such as "3.10.0". */
export function readVersion(text: unknown): KerasVersion {
  const found = typeof text === 'string' ? /^(\d+)\.(\d+)/.exec(text) : null;
  if (found) return {major: Number(found[1]), minor: Number(found[2])};
  throw new Error(
    `in its config keras_version must be a version, such as "3.0.0", but is ${printed(text)}.`,
  );
}

/** A value by the version from which it holds, such as `{'2.0': a, '3.4': b}`. */
export type ByVersion<T> = Readonly<Record<`${number}.${number}`, T>>;

/** The value that holds in `version`: that of the last entry which is not later. */
export function inVersion<T>(values: ByVersion<T>, version: KerasVersion): T | undefined {
  const order = ({major, minor}: KerasVersion) => major * 1000 + minor;
  const entries = Object.entries<T>(values)
    .map(([from, value]) => ({from: order(readVersion(from)), value}))
    .filter(({from}) => from <= order(version))
    .sort((a, b) => a.from - b.from);
  return entries.at(-1)?.value;
}
