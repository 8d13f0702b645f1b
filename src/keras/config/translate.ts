/** Turns the config of a model of Keras 2 or 3 into that of Keras 2, which tfjs reads. */
import {
  type Call,
  checkCalls,
  type Reference,
  readCalls,
  references,
  withoutRepeats,
} from './calls.js';
import {LAYER_OPTIONS, printed} from './check.js';
import {activationName, checkLayer} from './limits.js';
import {type GraphLayer, giveMasks, hasMasks, usesMask} from './masks.js';
import {classOf, type Json, layersOf, nameOf, own, type SavedLayer} from './saved.js';

/** Keys of Keras 3 that have no meaning in tfjs. */
const DROPPED = new Set(['optional', 'ragged', 'autocast', 'quantization_config']);

/** Classes that tfjs spells in another way. */
const OTHER_NAMES: Record<string, string> = {
  LecunNormal: 'LeCunNormal',
  LecunUniform: 'LeCunUniform',
};

/** Operations on tensors, which Keras saves in the place of layers, and the layers that do the same. */
const OPERATIONS: Record<string, string> = {
  '__operators__.add': 'Add',
  'math.add': 'Add',
  'math.multiply': 'Multiply',
};

/** Where a layer is, and how its model was saved. */
interface Context {
  /** The names of the models around it. */
  path: string[];
  keras3: boolean;
}

/**
 * A model's config as `tf.loadLayersModel` takes it.
 *
 * @throws Error A layer, or an option or a call of one, that is not known here or in tfjs.
 */
export function translateModel(saved: SavedLayer, keras3: boolean): Json {
  return translateLayer(saved, {path: [], keras3});
}

/** A layer's class and config, in a model's the layers' as well. */
function translateLayer(saved: SavedLayer, context: Context): Json {
  const className = tfjsClass(saved);
  if (layersOf(saved)) return translateNested(saved, className, context);
  checkLayer(saved, className, context.path);
  try {
    return {class_name: className, config: fields(saved.config, className, context)};
  } catch (error) {
    throw new Error(`${className} layer "${nameOf(saved)}": ${(error as Error).message}`);
  }
}

function tfjsClass(saved: SavedLayer): string {
  const className = classOf(saved);
  if (className === 'Model') return 'Functional';
  if (className === 'TFOpLambda') return own(OPERATIONS, saved.config.function) ?? className;
  // The classes of operations in Keras 3 have names that layers have as well.
  const isOperation = saved.module?.startsWith('keras.src.ops.');
  if (isOperation && !['Add', 'Multiply', 'Maximum', 'Minimum'].includes(className)) {
    return `operation ${className}`;
  }
  return className;
}

function translateNested(saved: SavedLayer, className: string, context: Context): Json {
  const inner = {...context, path: [...context.path, saved.config.name ?? className]};
  if (saved.config.output_layers) {
    return {class_name: className, config: translateGraph(saved.config, inner)};
  }
  if (needsMasks(saved.config.layers)) {
    return {class_name: 'Functional', config: translateGraph(asGraph(saved.config), inner)};
  }
  const layers = saved.config.layers.map((layer: SavedLayer) => translateLayer(layer, inner));
  return {class_name: className, config: {name: saved.config.name, layers}};
}

/** Whether a sequential model has masks that tfjs would not bring to the layer that needs them. */
function needsMasks(layers: SavedLayer[]): boolean {
  const kinds = layers.map((layer) => ({className: classOf(layer), config: layer.config}));
  return hasMasks(kinds) && kinds.some(usesMask);
}

/** A sequential model's config as that of a functional one. */
function asGraph(config: Json): Json {
  const names = config.layers.map(nameOf);
  const layers = config.layers.map((layer: SavedLayer, i: number) => ({
    ...layer,
    name: names[i],
    inbound_nodes: i === 0 ? [] : [{args: [tensor(names[i - 1])], kwargs: {}}],
  }));
  return {
    name: config.name,
    layers,
    input_layers: [[names[0], 0, 0]],
    output_layers: [[names.at(-1), 0, 0]],
  };
}

const tensor = (layer: string) => ({
  class_name: '__keras_tensor__',
  config: {keras_history: [layer, 0, 0]},
});

function translateGraph(config: Json, context: Context): Json {
  const saved = new Map<string, SavedLayer>(
    withoutMaskOperations(config).map((layer) => [nameOf(layer), layer]),
  );
  const graph = [...saved].map(
    ([name, layer]): GraphLayer => ({
      name,
      className: tfjsClass(layer),
      config: layer.config,
      calls: readCalls(layer),
    }),
  );
  // The first call of a nested model is its call 1 in tfjs and Keras 2: call 0 is the model's own.
  // In Keras 3 it is call 0; but where a Functional's gives the model's output, it is call 1.
  const isNested = (name: string) => layersOf(saved.get(name)) !== undefined;
  const isOfKeras2 = (name: string) => saved.get(name)?.inbound_nodes?.every(Array.isArray);
  const isFunctional = (name: string) => Boolean(saved.get(name)?.config.output_layers);
  const shifted = ([name, call, output]: Reference, by: number): Reference => {
    return [name, isNested(name) ? call + by : call, output];
  };
  for (const {calls} of graph) {
    for (const call of calls) {
      call.inputs = call.inputs.map((ref) => shifted(ref, isOfKeras2(ref[0]) ? -1 : 0));
    }
  }
  const outputs = references(config.output_layers).map((ref) =>
    shifted(ref, isOfKeras2(ref[0]) || isFunctional(ref[0]) ? -1 : 0),
  );
  const inputs = references(config.input_layers);
  checkCalls(graph, inputs, outputs);
  const withMasks = giveMasks({layers: graph, outputs}, context.keras3);
  const layers = withMasks.layers.map(({name, className, config, calls}) => {
    const layer = translateLayer(saved.get(name) ?? {class_name: className, config}, context);
    const {inputs, options} =
      className === 'MultiHeadAttention'
        ? forAttention(name, calls)
        : {inputs: calls.map((call) => call.inputs), options: {}};
    return {
      class_name: layer.class_name,
      config: {...layer.config, ...options, name},
      name,
      inbound_nodes: inputs.map((refs) => refs.map((ref) => [...shifted(ref, 1), {}])),
    };
  });
  return {
    name: config.name,
    layers,
    input_layers: inputs,
    output_layers: withMasks.outputs.map((ref) => shifted(ref, 1)),
  };
}

/** What Keras gives an attention layer in a call, and tfjs in the config. */
function forAttention(name: string, calls: Call[]): {inputs: Reference[][]; options: Json} {
  const unique = calls.map(withoutRepeats);
  const [options, ...others] = calls.map(({causal = false}, i) => ({
    input_names: unique[i].names,
    use_causal_mask: causal,
  }));
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(options))) {
    throw new Error(`MultiHeadAttention layer "${name}" is called in different ways.`);
  }
  return {inputs: unique.map(({inputs}) => inputs), options};
}

/** Keras 3 saves the operations that make masks as layers, used by keyword; they are not needed. */
function withoutMaskOperations(config: Json): SavedLayer[] {
  let layers: SavedLayer[] = config.layers;
  for (let before = Infinity; layers.length < before; ) {
    before = layers.length;
    const used = new Set(
      [
        ...references(config.output_layers),
        ...layers.flatMap(({inbound_nodes = []}) => inbound_nodes.flatMap(tensorsOf)),
      ].map(([name]) => name),
    );
    layers = layers.filter((l) => l.class_name === 'InputLayer' || used.has(nameOf(l)));
  }
  return layers;
}

/** What a call is given, masks aside. */
function tensorsOf(node: Json): Reference[] {
  if (!Array.isArray(node)) return references([node.args, {...node.kwargs, mask: null}]);
  const calls = typeof node[0] === 'string' ? [node] : node;
  return references([calls, calls.map(([, , , kwargs]: Json[]) => kwargs)]);
}

function fields(config: Json, className: string, context: Context): Json {
  const entries = Object.entries(config).filter(([key]) => !DROPPED.has(key));
  return Object.fromEntries(
    entries.map(([key, value]: [string, Json]) => {
      if (key === 'batch_shape') return ['batch_input_shape', value];
      if (key === 'dtype') return [key, dtypeName(value)];
      // Keras 2 saves those of an ordinary convolution as well, which tfjs refuses.
      if (className === 'SeparableConv2D' && key.startsWith('kernel_') && key !== 'kernel_size') {
        return [key, null];
      }
      if (className === 'LeakyReLU' && key === 'negative_slope') return ['alpha', value];
      if (LAYER_OPTIONS.includes(key) && value?.class_name)
        return [key, translateLayer(value, context)];
      if (key === 'cells') return [key, value.map((cell: Json) => translateLayer(cell, context))];
      const translated = translate(value);
      const isActivation = key === 'activation' || key === 'recurrent_activation';
      if (!isActivation || typeof translated !== 'string') return [key, translated];
      return [key, activationName(translated, context.keras3)];
    }),
  );
}

/** Initialisers, regularisers, constraints and functions, wherever they are. */
function translate(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(translate);
  if (!('class_name' in value && 'config' in value)) return value;
  const {class_name, config} = value;
  if (class_name === 'function') return functionName(config);
  if (class_name === 'L1' || class_name === 'L2') {
    return {class_name: 'L1L2', config: {l1: config.l1 ?? 0, l2: config.l2 ?? 0}};
  }
  return {class_name: own(OTHER_NAMES, class_name) ?? class_name, config};
}

function functionName(config: Json): string {
  const name = typeof config === 'string' ? config : config.name;
  if (typeof name === 'string') return name;
  throw new Error(`a function must have a name, but is ${printed(config)}.`);
}

/** Policies by name; tfjs has float32 only, in which mixed precision is computed here. */
function dtypeName(dtype: Json): Json {
  const name = dtype?.config?.name ?? dtype;
  return typeof name === 'string' && /float(16|64)$/.test(name) ? 'float32' : name;
}
