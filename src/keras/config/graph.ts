/**
 * Turns the config of a functional model into that of Keras 2, which tfjs reads, in steps: the graph
 * is read, its masks are followed and given to the layers that need them, then each layer is
 * translated and its calls are numbered as tfjs does.
 */
import {placesInTfjs} from './call_numbers.js';
import type {Reference} from './calls.js';
import {freeName} from './free_name.js';
import {type Crossing, giveMasks, type TranslatedModel} from './masks/give.js';
import {withArguments} from './own_classes.js';
import {type GraphCall, type GraphLayer, plainCall} from './read_graph.js';
import type {Json, SavedLayer} from './saved.js';
import type {Context} from './translate.js';

/** What the layers of a graph are translated by. */
export interface Translators {
  /** Gives a layer's class and config as tfjs has them. */
  layer(saved: SavedLayer): Json;
  /** Does the same for a model in the place of a layer, which masks go into and out of. */
  model(saved: SavedLayer, crossing: Crossing): TranslatedModel;
}

/** @throws Error A layer, or an option or a call of one, that is not known here or in tfjs. */
export function translateGraph(
  saved: SavedLayer,
  {models, version}: Context,
  crossing: Crossing,
  translators: Translators,
): {config: Json; maskedInputs: number[]} {
  const graph = models.graphOf(saved);
  const {maskInputs, maskedInputs, ...given} = models.haveMasks
    ? giveMasks(graph, models.follow(saved, crossing.given), crossing, version, translators.model)
    : {...graph, maskInputs: [], maskedInputs: []};
  const {layers: distinct, outputs} = withoutTwice(
    withEveryInput(given.layers, graph.inputs, given.outputs),
    given.outputs,
  );
  const masks = maskInputs.map((name: string): Reference => [name, 0, 0]);
  const places = placesInTfjs(distinct);
  const inTfjs = (ref: Reference) => graph.numbers.inTfjs(ref, places);
  const config = {
    name: graph.name,
    layers: distinct.map((layer) => toTfjs(layer, inTfjs, translators.layer)),
    input_layers: [...graph.inputs, ...masks],
    output_layers: outputs.map(inTfjs),
  };
  return {config, maskedInputs};
}

/**
 * The layers, with one more where an input is used by none of them: it takes that input and one that
 * is used, in whose place it stands from there on.
 */
function withEveryInput(
  layers: GraphLayer[],
  inputs: Reference[],
  outputs: Reference[],
): GraphLayer[] {
  const taken = layers.flatMap(({calls}) => calls.flatMap((call) => call.inputs));
  const used = new Set([...taken, ...outputs].map(String));
  const unused = inputs.filter((input) => !used.has(String(input)));
  const first = inputs.find((input) => taken.some((each) => String(each) === String(input)));
  if (!unused.length || !first) return layers;
  const isTaken = (name: string) => layers.some((layer) => layer.name === name);
  const name = freeName(`${first[0]}_of_${inputs.length}`, isTaken);
  const calls = [plainCall([first, ...unused])];
  const moved = (ref: Reference): Reference => (String(ref) === String(first) ? [name, 0, 0] : ref);
  return [
    ...layers.map((layer) => ({
      ...layer,
      calls: layer.calls.map((call) => ({...call, inputs: call.inputs.map(moved)})),
    })),
    {name, className: 'Identity', row: {}, config: {name}, calls}, // of the first that it is given
  ];
}

/**
 * The layers, none of which is given a tensor twice: tfjs would count that as two of its users, and
 * dispose of it before the last of them has it. The second time the layer is given a copy. The
 * outputs of the model are distinct too: of two that are one tensor tfjs gives the first alone.
 */
function withoutTwice(
  layers: GraphLayer[],
  outputs: Reference[],
): {layers: GraphLayer[]; outputs: Reference[]} {
  const names = new Set(layers.map(({name}) => name));
  const copies: GraphLayer[] = [];
  const copyOf = (ref: Reference, user: string): Reference => {
    const name = freeName(`${user}_copy`, (each) => names.has(each));
    names.add(name);
    copies.push({
      name,
      className: 'Activation',
      row: {},
      config: {name, activation: 'linear'},
      calls: [plainCall([ref])],
    });
    return [name, 0, 0];
  };
  const distinct = (refs: Reference[], user?: string): Reference[] => {
    const seen = new Set<string>();
    return refs.map((ref) => {
      const isFirst = !seen.has(String(ref));
      seen.add(String(ref));
      return isFirst ? ref : copyOf(ref, user ?? ref[0]);
    });
  };
  const changed = layers.map((layer) => {
    if (layer.row.namesInputs) return layer;
    const calls = layer.calls.map((call) => ({
      ...call,
      inputs: distinct(call.inputs, layer.name),
    }));
    return {...layer, calls};
  });
  const distinctOutputs = distinct(outputs);
  return {layers: [...changed, ...copies], outputs: distinctOutputs};
}

/** A layer with its calls as tfjs reads them. */
function toTfjs(
  layer: GraphLayer,
  inTfjs: (ref: Reference) => Reference,
  translateLayer: (saved: SavedLayer) => Json,
): Json {
  const {name, className, row, config} = layer;
  const {saved = {class_name: className, config}} = layer;
  const translated = layer.translated ?? translateLayer(saved);
  const calls: Named[] = row.namesInputs ? layer.calls.map(withoutRepeats) : layer.calls;
  const named = {class_name: translated.class_name, config: {...translated.config, name}};
  return {
    ...withArguments(named, callOptions(layer, calls)),
    name,
    inbound_nodes: calls.map(({inputs}) => inputs.map((ref) => [...inTfjs(ref), {}])),
  };
}

interface Named {
  inputs: Reference[];
  names: (string | string[])[];
  options: Record<string, Json>;
}

/** tfjs disposes too early of what is given twice: no tensor is, but each has all its names. */
function withoutRepeats({inputs, names, options}: GraphCall): Named {
  const unique = new Map(inputs.map((ref) => [String(ref), ref]));
  const namesOf = (key: string) => names.filter((_, i) => String(inputs[i]) === key);
  return {inputs: [...unique.values()], names: [...unique.keys()].map(namesOf), options};
}

/** What Keras gives a layer in a call, and tfjs in the config. @throws Error Its calls differ. */
function callOptions(layer: GraphLayer, calls: Named[]): Record<string, Json> {
  const {name, className, row, saved} = layer;
  const [options = {}, ...others] = calls.map((call) =>
    row.namesInputs ? {...call.options, input_names: call.names.map(camelCase)} : call.options,
  );
  if (others.every((other) => JSON.stringify(other) === JSON.stringify(options))) return options;
  const mixed = saved && row.mixedCalls?.(saved);
  if (mixed) return mixed;
  throw new Error(`${className} layer "${name}" is called in different ways.`);
}

const camelCase = (names: string | string[]): string[] =>
  [names].flat().map((name) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()));
