/**
 * Checks the form of what a file says of its model, before anything of it is used. The rest of this
 * folder relies on it: layers, calls and whatever has a class are what `saved.ts` says. What an
 * option may be is left to the layer's class.
 */
import {type io, serialization} from '@tensorflow/tfjs-core';
import {LayersModel} from '@tensorflow/tfjs-layers';
import {rowOf} from './classes/index.js';
import {inPresentForm} from './old_forms.js';
import {classOf, type Json, nameOf, printed, type SavedLayer} from './saved.js';

/** Far more than models of Keras have; tfjs takes time by the square of it. */
const MOST_LAYERS = 5000;
const MOST_DEPTH = 100;

/** Options that hold a layer; `cells` holds a list of them. */
export const LAYER_OPTIONS = ['layer', 'forward_layer', 'backward_layer', 'cell'];

/** @throws Error It is not the config of a model of layers, or a part of it is not as it should be. */
export function checkModel(saved: Json): SavedLayer {
  checkObjects(saved, 'model', 0);
  const config = inPresentForm(saved);
  if (typeof config?.class_name !== 'string' || !Array.isArray(config.config?.layers)) {
    throw new Error(
      `the config is not that of a sequential or functional model, with its layers.${advice(config)}`,
    );
  }
  checkSavedLayer(config, 'model', {count: 0});
  return config;
}

/** What to do with a model whose file has nothing but the options of its class. */
function advice(config: Json): string {
  const {class_name, module, registered_name} = config ?? {};
  if (typeof class_name !== 'string') return '';
  const what = ` It is of the class ${class_name}, which makes its layers in Python; the file has only its options.`;
  if (/keras_(hub|nlp|cv)/.test(`${module} ${registered_name} ${class_name}`)) {
    return (
      `${what} Save its graph in Python: keras.Model(backbone.inputs, backbone.outputs).save(` +
      "'model.keras'), where backbone is the model or, of a task, task.backbone."
    );
  }
  return (
    `${what} Build it in Python as a functional model, keras.Model(inputs, outputs), and save that; ` +
    'classes of layers within it can be given in customObjects.'
  );
}

/** @throws Error A part of how the model was compiled is not as it should be. */
export function checkTraining(config: Json): Json {
  checkObjects(config, 'training', 0);
  return config;
}

/** @throws Error It does not say of each weight in `model.json` what it is called and how it is stored. */
export function checkWeightSpecs(specs: Json, path = 'weightSpecs'): io.WeightsManifestEntry[] {
  expect(Array.isArray(specs), path, 'a list of weights', specs);
  specs.forEach((spec: Json, i: number) => {
    const {name, shape, dtype, quantization} = spec ?? {};
    const where = `${path}[${i}]`;
    expect(isName(name), `${where}.name`, 'a name', name);
    const isShape = Array.isArray(shape) && shape.every((size) => size !== null && isSize(size));
    expect(isShape, `${where}.shape`, 'a list of whole numbers', shape);
    const dtypes = quantization ? ['float32', 'int32'] : ['float32', 'int32', 'bool'];
    expect(dtypes.includes(dtype), `${where}.dtype`, `one of ${dtypes.join(', ')}`, dtype);
    if (quantization) checkQuantization(quantization, dtype, `${where}.quantization`);
  });
  return specs;
}

function checkQuantization({dtype, scale, min}: Json, ofDtype: string, path: string): void {
  if (dtype === 'float16' && ofDtype === 'float32') return;
  expect(['uint8', 'uint16'].includes(dtype), `${path}.dtype`, 'uint8 or uint16', dtype);
  expect(Number.isFinite(scale), `${path}.scale`, 'a number', scale);
  expect(Number.isFinite(min), `${path}.min`, 'a number', min);
}

/** @throws Error It does not say in which files the weights of `model.json` are. */
export function checkManifest(groups: Json): void {
  expect(Array.isArray(groups), 'weightsManifest', 'a list of groups', groups);
  groups.forEach((group: Json, i: number) => {
    const {paths, weights} = group ?? {};
    const where = `weightsManifest[${i}]`;
    const isList = Array.isArray(paths) && paths.every((path) => typeof path === 'string');
    expect(isList, `${where}.paths`, 'a list of names', paths);
    checkWeightSpecs(weights, `${where}.weights`);
  });
}

/** Whatever has a class, wherever it is. */
function checkObjects(value: Json, path: string, depth: number): void {
  if (!isObject(value) && !Array.isArray(value)) return;
  expect(depth <= MOST_DEPTH, path, `nested no more than ${MOST_DEPTH} deep`, value);
  if ('class_name' in value && 'config' in value) {
    const {class_name, config} = value;
    expect(isName(class_name), `${path}.class_name`, 'the name of a class', class_name);
    const isConfig = typeof config === 'object' ? config !== null : typeof config === 'string';
    expect(isConfig, `${path}.config`, 'an object, a list or a name', config);
  }
  for (const [key, inner] of Object.entries(value)) checkObjects(inner, at(path, key), depth + 1);
}

function checkSavedLayer(layer: Json, path: string, counter: {count: number}): void {
  counter.count++;
  expect(counter.count <= MOST_LAYERS, path, `one of no more than ${MOST_LAYERS} layers`, layer);
  expect(isObject(layer), path, 'a layer', layer);
  expect(isName(layer.class_name), `${path}.class_name`, 'the name of a class', layer.class_name);
  const {config, module} = layer;
  expect(module == null || typeof module === 'string', `${path}.module`, 'a name', module);
  expect(isObject(config), `${path}.config`, 'an object', config);
  for (const key of ['batch_shape', 'batch_input_shape']) {
    const shape = config[key] ?? [];
    const sizes = 'a list of whole numbers, or null where a size is open';
    expect(Array.isArray(shape) && shape.every(isSize), at(`${path}.config`, key), sizes, shape);
  }
  const className = classOf(layer);
  const {wraps} = rowOf(layer);
  if (wraps) expect(isObject(config[wraps]), `${path}.config.${wraps}`, 'a layer', config[wraps]);
  for (const key of LAYER_OPTIONS) {
    if (config[key]?.class_name) checkSavedLayer(config[key], `${path}.config.${key}`, counter);
  }
  if ('cells' in config) checkLayers(config.cells, `${path}.config.cells`, counter);
  if (isModel(className, config)) checkNested(config, className, `${path}.config`, counter);
}

function isModel(className: string, config: Json): boolean {
  return ['Functional', 'Model', 'Sequential'].includes(className) || Array.isArray(config.layers);
}

function checkNested(config: Json, className: string, path: string, counter: {count: number}) {
  const [known] = serialization.SerializationMap.getMap().classNameMap[className] ?? [];
  const isModelClass = known === LayersModel || known?.prototype instanceof LayersModel;
  const isOther = known !== undefined && !isModelClass;
  expect(!isOther, `${path}.layers`, `absent in a layer of the class ${className}`, config.layers);
  expect(isName(config.name), `${path}.name`, 'a name', config.name);
  checkLayers(config.layers, `${path}.layers`, counter);
  const names = new Set<string>();
  config.layers.forEach((layer: Json, i: number) => {
    const name = nameOf(layer);
    expect(isName(name), `${path}.layers[${i}].name`, 'a name', name);
    expect(!names.has(name), `${path}.layers[${i}].name`, 'the only one of its name', name);
    names.add(name);
  });
  const isGraph = ['Functional', 'Model'].includes(className) || config.output_layers;
  if (!isGraph) return;
  expect(className !== 'Sequential', `${path}.output_layers`, 'absent', config.output_layers);
  config.layers.forEach(({inbound_nodes}: Json, i: number) => {
    const where = `${path}.layers[${i}].inbound_nodes`;
    expect(Array.isArray(inbound_nodes), where, 'a list of calls', inbound_nodes);
    inbound_nodes.forEach((node: Json, call: number) => {
      checkCall(node, `${where}[${call}]`);
    });
  });
}

function checkLayers(layers: Json, path: string, counter: {count: number}): void {
  expect(Array.isArray(layers) && layers.length > 0, path, 'a list of layers', layers);
  layers.forEach((layer: Json, i: number) => {
    checkSavedLayer(layer, `${path}[${i}]`, counter);
  });
}

/** As Keras 3 saves it, an object, or Keras 2, a list of tensors or one tensor. */
function checkCall(node: Json, path: string): void {
  if (isObject(node)) {
    expect(Array.isArray(node.args), `${path}.args`, 'a list', node.args);
    expect(isObject(node.kwargs ?? {}), `${path}.kwargs`, 'an object', node.kwargs);
    return;
  }
  expect(Array.isArray(node) && node.length > 0, path, 'a call', node);
  for (const tensor of typeof node[0] === 'string' ? [node] : node) {
    const [layer, call, , kwargs] = Array.isArray(tensor) ? tensor : [];
    const isTensor = typeof layer === 'string' && Number.isInteger(call) && isObject(kwargs ?? {});
    expect(isTensor, path, 'a list of [layer, call, output, options]', node);
  }
}

const isObject = (value: Json) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Not such as every object of JavaScript has: tfjs keeps layers and classes by name in objects. */
const isName = (value: Json) => typeof value === 'string' && value !== '' && !(value in {});

const isSize = (value: Json) => value === null || (Number.isInteger(value) && value >= 0);

const at = (path: string, key: string) =>
  /^\d+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`;

function expect(isSo: boolean, path: string, expected: string, found: unknown): void {
  if (isSo) return;
  throw new Error(`in its config ${path} must be ${expected}, but is ${printed(found)}.`);
}
