/** What Keras saves of a model, as JSON: the parts that are read here. */

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form, from a file
export type Json = any;

/** A layer, or a model in the place of one. */
export interface SavedLayer {
  class_name: string;
  config: Json;
  /** Absent in a sequential model, where the config has it. */
  name?: string;
  /** Where Keras 3 has the class. */
  module?: string;
  /** A call each; absent in a sequential model. */
  inbound_nodes?: Json[];
}

/** The class without the package that Keras puts before a user's own. */
export function classOf({class_name}: {class_name: string}): string {
  return class_name.split('>').at(-1) as string;
}

export function nameOf({name, config}: SavedLayer): string {
  return name ?? config.name;
}

/** The layers of a model; undefined for any other layer. */
export function layersOf(saved?: SavedLayer): SavedLayer[] | undefined {
  const layers = saved?.config.layers;
  return Array.isArray(layers) ? layers : undefined;
}

/** What a table has for a word from a file, which may be one that every object has. */
export function own<T>(table: Record<string, T>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
