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
  module?: string | null;
  /** The name under which the class was registered; null for those of Keras. */
  registered_name?: string | null;
  /** The number of a layer that has several places in a model. */
  shared_object_id?: number;
  /** What Keras built it for, since 2.12. */
  build_config?: Json;
  /** A call each; absent in a sequential model. */
  inbound_nodes?: Json[];
}

/** The class without the package that Keras puts before a user's own. */
export function classOf({class_name}: {class_name: string}): string {
  return class_name.split('>').at(-1) as string;
}

/** The modules of Keras 2 and 3, but not of the libraries built on them, such as keras_hub. */
const KERAS_MODULE = /^(keras|tf_keras|tensorflow(\.python)?\.keras)(\.|$)/;

/**
 * An option that Keras has saved of a class in every version: a layer of that name without it is of
 * somebody else's class. It tells them apart in an `.h5` file, which says no module.
 */
const ALWAYS_SAVED: Readonly<Record<string, string>> = {
  BatchNormalization: 'epsilon',
  Concatenate: 'axis',
  Dense: 'units',
  Dropout: 'rate',
  Embedding: 'input_dim',
  GRU: 'units',
  GroupNormalization: 'epsilon',
  LSTM: 'units',
  LayerNormalization: 'epsilon',
  Masking: 'mask_value',
  MultiHeadAttention: 'num_heads',
  RMSNormalization: 'epsilon',
  Rescaling: 'scale',
  UnitNormalization: 'axis',
};

/** Classes that Keras 2 itself has registered as users register theirs, with an option that they save. */
const REGISTERED_BY_KERAS: Readonly<Record<string, string>> = {
  'Custom>CustomScaleLayer': 'scale', // of keras.applications.inception_resnet_v2
};

/**
 * Whether a layer's class is not one of Keras: its name may be that of a class of Keras, which then
 * must not take its place. Keras 2 tells it by a package in the class's name (`my>Dense`), Keras 3
 * by the module or by the name under which the class was registered.
 */
export function isUsersOwn(saved: SavedLayer): boolean {
  const {class_name, module, registered_name, config} = saved;
  const registered = [registered_name, class_name].find((name) => name?.includes('>'));
  if (registered) {
    const saves = own(REGISTERED_BY_KERAS, registered);
    return !saves || !(saves in config) || (module != null && !KERAS_MODULE.test(module));
  }
  const option = module === undefined && own(ALWAYS_SAVED, class_name);
  if (option && Object.keys(config).length > 0 && !(option in config)) return true;
  if (module == null) return registered_name != null;
  return module !== 'builtins' && !KERAS_MODULE.test(module);
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
export function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** The name of a class as Keras writes it in files: `MultiHeadAttention` is `multi_head_attention`. */
export function snakeCase(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** A value for a message, not at any length. */
export function printed(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
