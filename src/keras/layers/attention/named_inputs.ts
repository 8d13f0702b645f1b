/**
 * The tensors that an attention layer is given. tfjs gives a layer a list of tensors and no more than
 * the first one's mask: here masks are inputs too, and a list of names says what each input is.
 */

import type * as tf from '@tensorflow/tfjs-core';

/** What a tensor can be to the layer. */
export const attentionInputs = [
  'query',
  'value',
  'key',
  'queryMask',
  'valueMask',
  'keyMask',
  'attentionMask',
] as const;

export type AttentionInput = (typeof attentionInputs)[number];

/** The names of each input: several, where a model gives a tensor in several places. */
export type InputNames = AttentionInput[][];

export type Named<T> = Record<'query' | 'value', T> & Partial<Record<AttentionInput, T>>;

/** The inputs by their names; without names they are a query, a value and, if there is one, a key. */
export function named<T>(inputs: T[], names: InputNames | null): Named<T> {
  const known: InputNames = names ?? [['query'], ['value'], ['key']];
  const entries = inputs.flatMap((input, i) => known[i].map((name) => [name, input] as const));
  return Object.fromEntries(entries) as Named<T>;
}

/** A name that no input can have; undefined: there is none. */
export function unknownName(names: InputNames | null): string | undefined {
  return names?.flat().find((name) => !attentionInputs.includes(name));
}

/** The masks of the outputs: the first has that of the query, as in Keras, and the others none. */
export function outputMasks(
  mask: tf.Tensor | tf.Tensor[] | undefined,
  outputs: number,
): tf.Tensor | tf.Tensor[] {
  // A copy: whoever runs the layers disposes each layer's mask.
  const first = [mask].flat()[0]?.clone() as tf.Tensor;
  if (outputs === 1) return first;
  return [first, ...Array<null>(outputs - 1).fill(null)] as tf.Tensor[];
}
