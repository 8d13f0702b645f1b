/** Reads the calls of a layer in a functional model, as Keras 2 and as Keras 3 save them. */
import {type AttentionInput, attentionInputs} from './layers/multi_head_attention.js';
import {classOf, type Json, nameOf, type SavedLayer} from './saved.js';

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
    if (!Array.isArray(node)) return toCall(layer, node.args, node.kwargs);
    const calls = typeof node[0] === 'string' ? [node] : node; // an operation's is not in a list
    const kwargs = Object.assign({}, ...calls.map(([, , , options]: Json[]) => options));
    return toCall(layer, calls.map(reference), kwargs);
  });
}

function toCall(layer: SavedLayer, args: Json[], kwargs: Record<string, Json> = {}): Call {
  const className = classOf(layer);
  const keywords = TENSOR_KEYWORDS[className] ?? [];
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
  if (value.class_name === '__keras_tensor__') return [value.config.keras_history];
  const isReference =
    typeof value[0] === 'string' && Number.isInteger(value[1]) && Number.isInteger(value[2]);
  if (isReference) return [reference(value)];
  return Object.values(value).flatMap(references);
}

const reference = ([layer, call, output]: Json[]): Reference => [layer, call, output];

/** An attention layer's call as its class of tfjs takes it: no tensor twice, but with all its names. */
export function withoutRepeats({inputs, names = []}: Call) {
  const unique = new Map(inputs.map((ref) => [String(ref), ref]));
  const namesOf = (key: string) => names.filter((_, i) => String(inputs[i]) === key);
  return {inputs: [...unique.values()], names: [...unique.keys()].map(namesOf)};
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
