/**
 * Runs a recurrent layer's cell over the steps of a sequence as Keras does, masks included. tfjs has
 * the state in the place of an output that is masked, which is another number where the layer starts
 * from a state, and another tensor where several cells are stacked; and it knows no
 * `zero_output_for_mask`.
 *
 * Source: `rnn` of keras/src/backend/tensorflow/rnn.py.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {withoutGradient} from '../operations/gradients.js';

/** What Keras's recurrent layers have besides the options of tfjs's. */
export interface StepsOptions {
  /** Whether the output of a masked step is 0; otherwise it is that of the step before. */
  zeroOutputForMask: boolean;
  /** Whether Keras would write the steps out one by one, where it masks in another way. */
  unrolled: boolean;
}

type Cell = Omit<layers.RNNCell, 'dropoutMask' | 'recurrentDropoutMask'> & {
  cells?: Cell[];
  dropoutMask?: tf.Tensor | tf.Tensor[] | null;
  recurrentDropoutMask?: tf.Tensor | tf.Tensor[] | null;
};

/** The properties of tfjs's recurrent classes, of which its types leave some out. */
interface Recurrent extends StepsOptions {
  name: string;
  cell: Cell;
  goBackwards: boolean;
  returnSequences: boolean;
  returnState: boolean;
  stateful: boolean;
  states: tf.Tensor[];
  getInitialState(inputs: tf.Tensor): tf.Tensor[];
  resetStates(states?: tf.Tensor[], training?: boolean): void;
}

interface Arguments {
  /** [batch, steps] */
  mask?: tf.Tensor | tf.Tensor[] | null;
  initialState?: tf.Tensor[] | null;
  training?: boolean;
}

/** What a run over the steps gives. */
interface Run {
  /** The outputs, in the order of the steps that were run; only the last where no others are wanted. */
  outputs: tf.Tensor[];
  states: tf.Tensor[];
}

/**
 * The `call` of a recurrent layer.
 *
 * @param inputs x [batch, steps, …features]
 * @returns [batch, …units] or, of all steps, [batch, steps, …units]; then the states, if wanted.
 */
export function runOverSteps(
  layer: layers.Layer & StepsOptions,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: object,
): tf.Tensor | tf.Tensor[] {
  return tf.tidy(() => {
    const recurrent = layer as unknown as Recurrent;
    const {training, initialState, mask: given}: Arguments = kwargs ?? {};
    const {cell, returnSequences, returnState, stateful} = recurrent;
    forgetDropout(cell);
    const [x] = [inputs].flat();
    const mask = [given].flat()[0] ?? undefined;
    const start =
      (initialState && inOtherOrder(cell, initialState, true)) ??
      (stateful ? recurrent.states : recurrent.getInitialState(x));
    const {outputs, states} = overSteps(recurrent, x, mask, start, training);
    forgetDropout(cell); // tfjs would keep it until the next call, and after the model is disposed
    if (stateful) recurrent.resetStates(states, training);
    const result = returnSequences
      ? zeroed(recurrent, tf.stack(outputs, 1), mask)
      : zeroedLast(recurrent, outputs[0], mask);
    // tfjs disposes each of the tensors once its users have it: no two may be one and the same.
    return returnState ? [result.clone(), ...inOtherOrder(cell, states, false)] : result;
  });
}

/**
 * The states of stacked cells, which Keras gives and takes from the first cell to the last, and tfjs
 * from the last to the first; those of one cell as they are.
 *
 * @param isOfKeras whether they are in the order of Keras
 */
export function inOtherOrder<T>(
  {cells}: {cells?: {stateSize: number | number[]}[]},
  states: T[],
  isOfKeras: boolean,
): T[] {
  if (!cells) return states;
  const sizes = cells.map(({stateSize}) => [stateSize].flat().length);
  let at = 0;
  const ofEach = (isOfKeras ? sizes : sizes.reverse()).map((size) => {
    at += size;
    return states.slice(at - size, at);
  });
  return ofEach.reverse().flat();
}

function overSteps(
  {cell, goBackwards, returnSequences}: Recurrent,
  x: tf.Tensor,
  mask: tf.Tensor | undefined,
  start: tf.Tensor[],
  training?: boolean,
): Run {
  // In a list of its own: the gradient of `unstack` knows its outputs by their order in the one it gave.
  const inOrder = <T>(list: T[]) => (goBackwards ? [...list].reverse() : list);
  const steps = inOrder(tf.unstack(x, 1));
  const masks = mask && inOrder(tf.unstack(tf.cast(mask, 'float32'), 1));
  const outputs: tf.Tensor[] = [];
  let states = start;
  let last: tf.Tensor | undefined;
  steps.forEach((step, t) => {
    const [output, ...next] = tf.tidy(() => {
      const called = cell.call([step, ...states], {training}) as tf.Tensor[];
      if (!masks) return called;
      const [made, ...changed] = called;
      const choose = chooser(masks[t]);
      return [
        choose(made, last ?? tf.zerosLike(made)),
        ...changed.map((state, i) => choose(state, states[i])),
      ];
    });
    states = next;
    last = output;
    if (returnSequences) outputs.push(output);
  });
  return {outputs: returnSequences ? outputs : [last as tf.Tensor], states};
}

/** Takes `seen` where a mask [batch] is 1, `otherwise` where it is 0. */
function chooser(mask: tf.Tensor): (seen: tf.Tensor, otherwise: tf.Tensor) => tf.Tensor {
  const conditions = new Map<string, tf.Tensor>();
  return (seen, otherwise) => {
    const key = String(seen.shape);
    const condition = conditions.get(key) ?? spread(mask, seen);
    conditions.set(key, condition);
    return tf.where(condition, seen, otherwise);
  };
}

/** A mask as a condition of the shape of `like`, whose first dimensions are the mask's. */
function spread(mask: tf.Tensor, like: tf.Tensor): tf.Tensor {
  const ones = like.shape.slice(mask.rank).map(() => 1);
  return withoutGradient([mask], () =>
    tf.greater(tf.add(tf.zeros(like.shape), tf.reshape(mask, [...mask.shape, ...ones])), 0),
  );
}

/** The outputs of all steps, 0 where they are masked if the layer is to give 0 there. */
function zeroed(
  {zeroOutputForMask, unrolled, goBackwards}: Recurrent,
  outputs: tf.Tensor,
  mask?: tf.Tensor,
): tf.Tensor {
  if (!zeroOutputForMask || !mask) return outputs;
  const given = tf.cast(mask, 'float32');
  // Unrolled, Keras forgets that the steps are in the other order.
  const inOrder = goBackwards && !unrolled ? tf.reverse(given, 1) : given;
  return tf.where(spread(inOrder, outputs), outputs, tf.zerosLike(outputs));
}

/** The last output, 0 where its step is masked if the layer is to give 0 there. */
function zeroedLast(
  {zeroOutputForMask, goBackwards}: Recurrent,
  output: tf.Tensor,
  mask?: tf.Tensor,
): tf.Tensor {
  if (!zeroOutputForMask || !mask) return output;
  const masks = tf.unstack(tf.cast(mask, 'float32'), 1);
  const last = masks[goBackwards ? 0 : masks.length - 1];
  return tf.where(spread(last, output), output, tf.zerosLike(output));
}

/** Each sequence has its own dropout, which a cell keeps for all steps. */
function forgetDropout(cell: Cell): void {
  for (const each of cell.cells ?? [cell]) {
    tf.dispose([each.dropoutMask ?? [], each.recurrentDropoutMask ?? []]);
    each.dropoutMask = null;
    each.recurrentDropoutMask = null;
  }
}
