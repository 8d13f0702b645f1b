/** Reads the calls of a layer in a functional model, as Keras 2 and as Keras 3 save them. */
import {attentionInputs} from './layers/multi_head_attention.js';
import {classOf, type Json, nameOf, type SavedLayer} from './saved.js';

/** A tensor of a model: the layer that gives it, at which of its calls, which of its outputs. */
export type Reference = [layer: string, call: number, output: number];

export interface Call {
  /** In the order in which the layer of tfjs takes them. */
  inputs: Reference[];
  /** What they are to an attention layer. */
  names?: string[];
  /** To an attention layer. */
  causal?: boolean;
}

/** Arguments that are tensors and come by keyword, for the layers whose class of tfjs takes them. */
const TENSOR_KEYWORDS: Record<string, readonly string[]> = {
  MultiHeadAttention: attentionInputs,
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
  const isAttention = className === 'MultiHeadAttention';
  const fail = (what: string) => {
    throw new Error(`${className} layer "${nameOf(layer)}" is called with ${what}.`);
  };

  const tensors = args.flatMap((value, i) => {
    const found = references(value);
    if (!found.length && value != null) {
      fail(`the constant ${JSON.stringify(value)}, which tfjs's layer does not take`);
    }
    return found.map((ref) => ({name: attentionInputs[i] as string, ref}));
  });
  let causal: boolean | undefined;
  for (const [key, value] of Object.entries(kwargs)) {
    // The masks that Keras 3 notes down itself: tfjs and ../masks.ts work them out.
    if (value == null || value === false || key === 'mask') continue;
    if (key === 'name') continue;
    const found = references(value);
    if (found.length && TENSOR_KEYWORDS[className]?.includes(key)) {
      tensors.push(...found.map((ref) => ({name: key, ref})));
    } else if (isAttention && key === 'use_causal_mask') causal = true;
    else if (found.length) fail(`the tensor "${key}" by keyword, which is not supported`);
    else fail(`${key} = ${JSON.stringify(value)}, which tfjs cannot do`);
  }
  if (!isAttention) return {inputs: tensors.map(({ref}) => ref)};

  const place = ({name}: {name: string}) => (attentionInputs as readonly string[]).indexOf(name);
  tensors.sort((a, b) => place(a) - place(b));
  return {inputs: tensors.map(({ref}) => ref), names: tensors.map(({name}) => name), causal};
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
