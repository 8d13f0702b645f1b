/** Turns the config of a model of Keras 2 or 3 into that of Keras 2, which tfjs reads. */

// biome-ignore lint/suspicious/noExplicitAny: JSON of any form, from a file
type Json = any;

/** Keys of Keras 3 that have no meaning in tfjs. */
const DROPPED = new Set(['optional', 'ragged', 'autocast', 'quantization_config']);

/** A model's config as `tf.loadLayersModel` takes it. */
export function translateModel(saved: Json): Json {
  const {class_name, config} = saved.model_config ?? saved;
  return {class_name: class_name === 'Model' ? 'Functional' : class_name, config: fields(config)};
}

function translate(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(translate);
  if (!('class_name' in value && 'config' in value)) return fields(value);
  const {class_name, config, name, inbound_nodes} = value;
  if (class_name === 'function') return typeof config === 'string' ? config : config.name;
  if (class_name === 'L1' || class_name === 'L2') {
    return {class_name: 'L1L2', config: {l1: config.l1 ?? 0, l2: config.l2 ?? 0}};
  }
  return {
    class_name,
    config: fields(config),
    ...(inbound_nodes ? {name, inbound_nodes} : {}),
  };
}

function fields(config: Json): Json {
  if (config === null || typeof config !== 'object' || Array.isArray(config)) return config;
  const source = config.layers && config.output_layers ? translateGraph(config) : config;
  const entries = Object.entries(source).filter(([key]) => !DROPPED.has(key));
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (key === 'batch_shape') return ['batch_input_shape', value];
      if (key === 'dtype') return [key, dtypeName(value)];
      const isReference = ['inbound_nodes', 'input_layers', 'output_layers'].includes(key);
      return [key, isReference ? value : translate(value)];
    }),
  );
}

/** Policies by name; tfjs has float32 only, in which mixed precision is computed here. */
function dtypeName(dtype: Json): Json {
  const name = dtype?.config?.name ?? dtype;
  return typeof name === 'string' && /float(16|64)$/.test(name) ? 'float32' : name;
}

function translateGraph(config: Json): Json {
  // In Keras 3 the first call of a nested model is node 0; in tfjs that is the model's own.
  const nested = new Set(
    config.layers
      .filter((l: Json) => l.config.layers && l.inbound_nodes.some((n: Json) => !Array.isArray(n)))
      .map((l: Json) => l.name ?? l.config.name),
  );
  const shift = ([name, node, tensor]: Json) => [name, node + (nested.has(name) ? 1 : 0), tensor];
  const node = (saved: Json) => {
    if (Array.isArray(saved)) return saved;
    for (const [key, value] of Object.entries(saved.kwargs ?? {})) {
      if (key === 'mask' || !histories(value).length) continue;
      throw new Error(`a layer is given the tensor "${key}" by keyword, which is not supported.`);
    }
    return histories(saved.args).map((history) => [...shift(history), {}]);
  };
  const layers = config.layers.map((l: Json) => ({...l, inbound_nodes: l.inbound_nodes.map(node)}));
  const output_layers = references(config.output_layers).map(shift);
  return {
    ...config,
    layers: withoutMasks(layers, output_layers),
    input_layers: references(config.input_layers),
    output_layers,
  };
}

/** Keras 3 saves masks as NotEqual layers, used by keyword; tfjs works masks out itself. */
function withoutMasks(layers: Json[], outputs: Json[]): Json[] {
  const used = new Set([...outputs, ...layers.flatMap((l) => l.inbound_nodes.flat())].map(first));
  return layers.filter((l) => l.class_name !== 'NotEqual' || used.has(l.name));
}

const first = ([name]: Json) => name;

function histories(value: Json): Json[] {
  if (value === null || typeof value !== 'object') return [];
  if (value.class_name === '__keras_tensor__') return [value.config.keras_history];
  return Object.values(value).flatMap(histories);
}

/** Keras 3 saves a single reference without the list around it. */
function references(saved: Json): Json[] {
  return typeof saved[0] === 'string' ? [saved] : saved;
}
