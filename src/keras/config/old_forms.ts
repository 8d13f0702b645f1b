/** Brings the config of a model into the one form that the rest of this folder knows. */
import {classOf, type Json, layersOf, nameOf, snakeCase} from './saved.js';

/** A config as versions before 2.3 left it, too: all changes are made in a copy. */
export function inPresentForm(model: Json): Json {
  if (model === null || typeof model !== 'object') return model;
  const {config} = model;
  if (typeof model.class_name !== 'string' || config === null || typeof config !== 'object') {
    return model;
  }
  // Up to Keras 2.2 a sequential model's config was the list of its layers.
  const isList = Array.isArray(config) && classOf(model) === 'Sequential';
  const whole = isList ? {name: model.name ?? 'sequential', layers: config} : config;
  const inner = Object.fromEntries(
    Object.entries<Json>(whole).map(([key, value]) => [
      key,
      Array.isArray(value) && key === 'layers' ? value.map(inPresentForm) : inPresentForm(value),
    ]),
  );
  const present = {...model, config: Array.isArray(config) && !isList ? config : inner};
  return withScalarInputs(withInput(withNames(withListedCalls(present))));
}

/**
 * Keras 2 saves a call of a model with a dict of tensors as it is given. The tensors are those of the
 * model's inputs: by their keys, where the model was made of a dict too, else by the inputs' names.
 *
 * Source: `_flatten_to_reference_inputs` of tf_keras/src/engine/functional.py.
 */
function withListedCalls(model: Json): Json {
  const inputs = model.config?.input_layers;
  if (!inputs || !Array.isArray(model.inbound_nodes)) return model;
  const names: Json[] = Array.isArray(inputs)
    ? inputs.map((input: Json) => input?.[0])
    : Object.keys(inputs).sort();
  const inbound_nodes = model.inbound_nodes.map((node: Json) => {
    const isDict = node !== null && typeof node === 'object' && !Array.isArray(node);
    const isCall = isDict && names.every((name) => Array.isArray(node[name]));
    return isCall && !('args' in node) ? names.map((name) => node[name]) : node;
  });
  return {...model, inbound_nodes};
}

/**
 * A user's class whose `get_config` leaves the name out has none in a sequential model's file: Keras
 * names such a layer by its class when it reads it.
 */
function withNames(model: Json): Json {
  const layers = layersOf(model);
  const isNameless = (layer: Json) =>
    typeof layer?.class_name === 'string' && layer.config && nameOf(layer) === undefined;
  if (!layers?.some(isNameless)) return model;
  const taken = new Set(layers.map((layer) => layer?.config && nameOf(layer)));
  const named = layers.map((layer) => {
    if (!isNameless(layer)) return layer;
    const kind = snakeCase(classOf(layer));
    let name = kind;
    for (let i = 1; taken.has(name); i++) name = `${kind}_${i}`;
    taken.add(name);
    return {...layer, config: {...layer.config, name}};
  });
  return {...model, config: {...model.config, layers: named}};
}

/** What runs layers one after the other; a Pipeline of Keras 3 is a layer, without an InputLayer. */
const SEQUENCES = new Set(['Pipeline', 'Sequential']);

/** Up to TF 2.2 a sequential model had no InputLayer: its first layer says what the input is. */
function withInput(model: Json): Json {
  const layers = layersOf(model);
  const [first] = layers ?? [];
  if (!SEQUENCES.has(classOf(model)) || !layers || !first?.config || layersOf(first)) return model;
  const shape =
    first.config.batch_input_shape ??
    model.config.build_input_shape ??
    model.build_input_shape ??
    model.build_config?.input_shape ??
    model.inbound_nodes?.[0]?.args?.[0]?.config?.shape;
  if (classOf(first) === 'InputLayer' || !Array.isArray(shape)) return model;
  const name = `${nameOf(first)}_input`;
  const dtype = classOf(first) === 'Embedding' ? 'float32' : (first.config.dtype ?? 'float32');
  const input = {class_name: 'InputLayer', config: {batch_input_shape: shape, dtype, name}};
  const {batch_input_shape: _, ...others} = first.config;
  const rest = [{...first, config: others}, ...layers.slice(1)];
  return {...model, config: {...model.config, layers: [input, ...rest]}};
}

/** tfjs feeds no input without features: such a one is fed as a column, which a layer flattens. */
function withScalarInputs(model: Json): Json {
  const layers = layersOf(model);
  if (!layers || !(model.config.input_layers || classOf(model) === 'Sequential')) return model;
  const shapeOf = ({config}: Json) => config?.batch_shape ?? config?.batch_input_shape;
  const scalars = layers.filter(
    (layer) => layer?.class_name === 'InputLayer' && shapeOf(layer)?.length === 1,
  );
  if (!scalars.length) return model;
  const flat = new Map(scalars.map((layer) => [nameOf(layer), `${nameOf(layer)}_flattened`]));
  const redirect = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (!Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redirect(each)]));
    }
    const [name, ...others] = value;
    const isReference =
      flat.has(name) && Number.isInteger(others[0]) && Number.isInteger(others[1]);
    return isReference ? [flat.get(name), ...others.map(redirect)] : value.map(redirect);
  };
  const changed = layers.flatMap((layer): Json[] => {
    const name = flat.get(nameOf(layer));
    if (!name) return [{...layer, inbound_nodes: redirect(layer.inbound_nodes)}];
    const [key] = ['batch_shape', 'batch_input_shape'].filter((each) => each in layer.config);
    const column = [...layer.config[key], 1];
    const config = {name, target_shape: []};
    const inbound_nodes = [[[nameOf(layer), 0, 0, {}]]];
    return [
      {...layer, config: {...layer.config, [key]: column}},
      {class_name: 'Reshape', name, config, inbound_nodes},
    ];
  });
  const output_layers = redirect(model.config.output_layers);
  return {...model, config: {...model.config, layers: changed, output_layers}};
}

/** What Keras has in the place of a version where a file is from before it noted one down. */
export function assumedVersion(model: Json): string {
  const text = JSON.stringify(model);
  if (/"(batch_shape|keras_history)":/.test(text)) {
    throw new Error('the file does not say by which version of Keras it was saved.');
  }
  return '2.0.0';
}
