/**
 * Turns the config of a functional model into that of Keras 2, which tfjs reads, in steps: the layers
 * and their calls are read, the calls numbered from 0, checked and given their masks; then each layer
 * is translated and its calls are numbered as tfjs does.
 */
import {isOperation, translateOperation} from '../operations/index.js';
import {type Call, type Reference, readCalls, references, savedCalls} from './calls.js';
import {checkCalls} from './check_calls.js';
import {rowOf} from './classes/index.js';
import {type GraphLayer, giveMasks} from './masks.js';
import {classOf, type Json, layersOf, nameOf, type SavedLayer} from './saved.js';
import type {Context} from './translate.js';
import type {KerasVersion} from './version.js';

/**
 * @param translateLayer gives a layer's class and config as tfjs has them.
 * @throws Error A layer, or an option or a call of one, that is not known here or in tfjs.
 */
export function translateGraph(
  config: Json,
  {version}: Context,
  translateLayer: (saved: SavedLayer) => Json,
): Json {
  const used = withoutMaskOperations(config);
  const numbers = new CallNumbers(used);
  const graph = used.map((saved) => numbers.fromZero(readLayer(saved, version)));
  const inputs = references(config.input_layers);
  const outputs = references(config.output_layers).map((ref) => numbers.outputFromZero(ref));
  checkCalls(graph, inputs, outputs);
  const withMasks = giveMasks({layers: graph, outputs}, version);
  return {
    name: config.name,
    layers: withMasks.layers.map((layer) => toTfjs(layer, numbers, translateLayer)),
    input_layers: inputs,
    output_layers: withMasks.outputs.map((ref) => numbers.inTfjs(ref)),
  };
}

/** A sequential model's config as that of a functional one. */
export function asGraph(config: Json): Json {
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

/** Keras 3 saves the operations that make masks as layers, used by keyword; they are not needed. */
function withoutMaskOperations(config: Json): SavedLayer[] {
  let layers: SavedLayer[] = config.layers;
  for (let before = Infinity; layers.length < before; ) {
    before = layers.length;
    const used = new Set(
      [...references(config.output_layers), ...layers.flatMap(unmaskedTensors)].map(
        ([name]) => name,
      ),
    );
    layers = layers.filter((l) => l.class_name === 'InputLayer' || used.has(nameOf(l)));
  }
  return layers;
}

/** What the calls of a layer are given, masks aside. */
function unmaskedTensors(layer: SavedLayer): Reference[] {
  return savedCalls(layer).flatMap(({args, kwargs}) => references([args, {...kwargs, mask: null}]));
}

function readLayer(saved: SavedLayer, version: KerasVersion): GraphLayer {
  const name = nameOf(saved);
  if (!isOperation(saved)) {
    const {config} = saved;
    const calls = readCalls(saved);
    return {name, className: classOf(saved), row: rowOf(saved), config, calls, saved};
  }
  const calls = savedCalls(saved).map((call) => translateOperation(saved, call, version));
  const [{class_name, config}] = calls;
  const operation = {class_name, config};
  if (calls.some((other) => JSON.stringify(other.config) !== JSON.stringify(config))) {
    throw new Error(`the operation ${classOf(saved)} "${name}" is called in different ways.`);
  }
  return {
    name,
    className: `operation ${classOf(saved)}`,
    row: {},
    config: saved.config,
    calls: calls.map(({inputs}) => ({inputs, names: [], options: {}})),
    operation,
  };
}

/**
 * The numbers of calls. Keras 2 and tfjs call the first call of a nested model its call 1, since call
 * 0 is the model's own. In Keras 3 it is call 0, but call 1 where a Functional's gives the output of
 * the model around it. Here all begin with 0.
 */
class CallNumbers {
  private readonly models: Map<string, SavedLayer>;

  constructor(saved: SavedLayer[]) {
    this.models = new Map(saved.filter(layersOf).map((layer) => [nameOf(layer), layer]));
  }

  fromZero(layer: GraphLayer): GraphLayer {
    const inputsFromZero = (call: Call) => ({
      ...call,
      inputs: call.inputs.map((ref) => this.shifted(ref, this.isOfKeras2(ref) ? -1 : 0)),
    });
    return {...layer, calls: layer.calls.map(inputsFromZero)};
  }

  outputFromZero(ref: Reference): Reference {
    const isFunctional = Boolean(this.models.get(ref[0])?.config.output_layers);
    return this.shifted(ref, this.isOfKeras2(ref) || isFunctional ? -1 : 0);
  }

  inTfjs(ref: Reference): Reference {
    return this.shifted(ref, 1);
  }

  private isOfKeras2([name]: Reference): boolean {
    return this.models.get(name)?.inbound_nodes?.every(Array.isArray) ?? false;
  }

  private shifted([name, call, output]: Reference, by: number): Reference {
    return [name, this.models.has(name) ? call + by : call, output];
  }
}

/** A layer with its calls as tfjs reads them. */
function toTfjs(
  layer: GraphLayer,
  numbers: CallNumbers,
  translateLayer: (saved: SavedLayer) => Json,
): Json {
  const {name, className, row, config} = layer;
  const {saved = {class_name: className, config}} = layer;
  const translated = layer.operation ?? translateLayer(saved);
  const calls: Named[] = row.namesInputs ? layer.calls.map(withoutRepeats) : layer.calls;
  return {
    class_name: translated.class_name,
    config: {...translated.config, ...callOptions(layer, calls), name},
    name,
    inbound_nodes: calls.map(({inputs}) => inputs.map((ref) => [...numbers.inTfjs(ref), {}])),
  };
}

interface Named {
  inputs: Reference[];
  names: (string | string[])[];
  options: Record<string, Json>;
}

/** tfjs disposes too early of what is given twice: no tensor is, but each has all its names. */
function withoutRepeats({inputs, names, options}: Call): Named {
  const unique = new Map(inputs.map((ref) => [String(ref), ref]));
  const namesOf = (key: string) => names.filter((_, i) => String(inputs[i]) === key);
  return {inputs: [...unique.values()], names: [...unique.keys()].map(namesOf), options};
}

/** What Keras gives a layer in a call, and tfjs in the config. @throws Error Its calls differ. */
function callOptions({name, className, row}: GraphLayer, calls: Named[]) {
  const [options = {}, ...others] = calls.map((call) =>
    row.namesInputs ? {...call.options, input_names: call.names.map(camelCase)} : call.options,
  );
  if (others.every((other) => JSON.stringify(other) === JSON.stringify(options))) return options;
  throw new Error(`${className} layer "${name}" is called in different ways.`);
}

const camelCase = (names: string | string[]): string[] =>
  [names].flat().map((name) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()));
