/** Reads the calls of a layer in a functional model, as Keras 2 and as Keras 3 save them. */

import {type AttentionInput, attentionInputs} from '../layers/multi_head_attention.js';
import {printed} from './check.js';
import {classOf, type Json, nameOf, own, type SavedLayer} from './saved.js';

/** A tensor of a model: the layer that gives it, at which of its calls, which of its outputs. */
export type Reference = [layer: string, call: number, output: number];

export interface Call {
  /** In the order in which the layer of tfjs takes them. */
  inputs: Reference[];
  /** What they are to an attention layer. */
  names?: AttentionInput[];
  /** To an attention layer: each position sees itself and those before it. */
  causal?: boolean;
}

/** Arguments that are tensors and come by keyword, in the order in which tfjs's class takes them. */
const TENSOR_KEYWORDS: Record<string, readonly string[]> = {
  MultiHeadAttention: attentionInputs.map(snakeCase),
  Bidirectional: ['initial_state'],
  GRU: ['initial_state'],
  LSTM: ['initial_state'],
  RNN: ['initial_state'],
  SimpleRNN: ['initial_state'],
  TFOpLambda: ['y'],
};

/** @throws Error An argument that tfjs has no way to give. */
export function readCalls(layer: SavedLayer): Call[] {
  return (layer.inbound_nodes ?? []).map((node) => {
    if (!Array.isArray(node)) return toCall(layer, node.args, node.kwargs ?? {});
    const calls = typeof node[0] === 'string' ? [node] : node; // an operation's is not in a list
    const kwargs = Object.assign({}, ...calls.map(([, , , options]: Json[]) => options));
    return toCall(layer, calls.map(reference), kwargs);
  });
}

function toCall(layer: SavedLayer, args: Json[], kwargs: Record<string, Json>): Call {
  const className = classOf(layer);
  const keywords = own(TENSOR_KEYWORDS, className) ?? [];
  const isAttention = className === 'MultiHeadAttention';
  const fail = (what: string) => {
    throw new Error(`${className} layer "${nameOf(layer)}" is called with ${what}.`);
  };

  const inputs = args.flatMap((value) => {
    const found = references(value);
    if (!found.length && value != null) {
      fail(`the constant ${JSON.stringify(value)}, which tfjs's layer does not take`);
    }
    return found;
  });
  const names = attentionInputs.slice(0, inputs.length);
  let causal: boolean | undefined;
  for (const [key, value] of Object.entries(kwargs)) {
    // The masks that Keras 3 notes down: tfjs and masks.ts work them out.
    if (value == null || value === false || key === 'mask' || key === 'name') continue;
    const found = references(value);
    if (found.length && keywords.includes(key)) {
      inputs.push(...found);
      names.push(attentionInputs[keywords.indexOf(key)]);
    } else if (isAttention && key === 'use_causal_mask') causal = true;
    else if (found.length) fail(`the tensor "${key}" by keyword, which is not supported`);
    else fail(`${key} = ${JSON.stringify(value)}, which tfjs cannot do`);
  }
  return isAttention ? {inputs, names, causal} : {inputs};
}

/** The tensors in an argument: one, or all in a list. */
export function references(value: Json): Reference[] {
  if (value === null || typeof value !== 'object') return [];
  if (value.class_name === '__keras_tensor__') return [reference(value.config?.keras_history)];
  const isReference =
    typeof value[0] === 'string' && Number.isInteger(value[1]) && Number.isInteger(value[2]);
  if (isReference) return [reference(value)];
  return Object.values(value).flatMap(references);
}

function reference(value: Json): Reference {
  const [layer, call, output] = Array.isArray(value) ? value : [];
  if (typeof layer === 'string' && [call, output].every(Number.isInteger)) {
    return [layer, call, output];
  }
  throw new Error(
    `a tensor must be a [layer, call, output] that tfjs's layers take, but is ${printed(value)}.`,
  );
}

interface Called {
  name: string;
  className: string;
  calls: Call[];
}

/** @throws Error A call takes what no call of a layer gives, or waits for what waits for itself. */
export function checkCalls(layers: Called[], inputs: Reference[], outputs: Reference[]): void {
  const counts = new Map(
    layers.map(({name, className, calls}) => [name, className === 'InputLayer' ? 1 : calls.length]),
  );
  const check = (what: string, refs: Reference[]) => {
    if (!refs.length) throw new Error(`${what} takes no tensor.`);
    for (const [name, call, output] of refs) {
      if (call >= 0 && output >= 0 && call < (counts.get(name) ?? 0)) continue;
      throw new Error(
        `${what} takes [${name}, ${call}, ${output}], which no call of a layer gives.`,
      );
    }
  };
  for (const {name, className, calls} of layers) {
    for (const call of calls) check(`${className} layer "${name}"`, call.inputs);
  }
  check("the model's output", outputs);
  check("the model's input", inputs);
  const classes = new Map(layers.map(({name, className}) => [name, className]));
  const [other] = inputs.filter(([name]) => classes.get(name) !== 'InputLayer');
  if (other) throw new Error(`the model's input must be an InputLayer, but is ${printed(other)}.`);
  checkOrder(layers);
}

/** tfjs calls layers as soon as their inputs are there, and tries for ever where they never are. */
function checkOrder(layers: Called[]): void {
  const done = new Set(
    layers.filter(({className}) => className === 'InputLayer').map(({name}) => `0 ${name}`),
  );
  let waiting = layers.flatMap(({name, calls}) =>
    calls.map(({inputs}, i) => ({
      name,
      call: `${i} ${name}`,
      needs: inputs.map(([from, call]) => `${call} ${from}`),
    })),
  );
  while (waiting.length) {
    const before = waiting.length;
    waiting = waiting.filter(({call, needs}) => {
      const isReady = needs.every((need) => done.has(need));
      if (isReady) done.add(call);
      return !isReady;
    });
    if (waiting.length < before) continue;
    const names = new Set(waiting.map(({name}) => `"${name}"`));
    throw new Error(`the calls of these layers wait for each other: ${[...names].join(', ')}.`);
  }
}

/** An attention layer's call as its class of tfjs takes it: no tensor twice, but with all its names. */
export function withoutRepeats({inputs, names = []}: Call) {
  const unique = new Map(inputs.map((ref) => [String(ref), ref]));
  const namesOf = (key: string) => names.filter((_, i) => String(inputs[i]) === key);
  return {inputs: [...unique.values()], names: [...unique.keys()].map(namesOf)};
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
