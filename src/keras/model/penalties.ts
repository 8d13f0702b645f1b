/**
 * The whole loss of a model, as Keras adds it up: of its outputs, and penalties on weights and outputs.
 * tfjs adds those on a layer's weights for each of its calls, where Keras adds them once, and does not ask
 * the cells of recurrent layers; where it tests a model it leaves all of them out, and the first of several
 * losses stands for their sum, with all the others after it.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import type {KerasVersion} from '../config/version.js';
import {whilePenalized} from '../layers/regularization/activity.js';
import {changeTests, type TrainedModel} from './trained_model.js';
import {called, type Layer, partsOf} from './weights/parts.js';

type Penalty = Layer['losses'][number];

/** The weights that penalties are on. */
const penalized = new WeakMap<Penalty, LayerVariable>();

export function rememberPenalty(penalty: Penalty, weight: LayerVariable): void {
  penalized.set(penalty, weight);
}

/** Has a model that is compiled add up its loss so, in training and in tests. */
export function addPenalties(model: TrainedModel & Layer, {major}: KerasVersion): void {
  const penalties = () =>
    tf.tidy(() => {
      const trained = new Set(model.trainableWeights);
      const counts = (penalty: Penalty) => {
        const weight = penalized.get(penalty);
        return major < 3 || !weight || trained.has(weight);
      };
      return [...new Set(lossesOf(model))].filter(counts).map((penalty) => penalty());
    });
  model.calculateLosses = penalties;
  changeTests(
    model,
    (step) => (data) =>
      tf.tidy(() => {
        const found = whilePenalized(() => step(data));
        const outputs = model.lossFunctions.length;
        const metrics = found.slice(outputs); // of several outputs, the losses of each among them
        const loss = penalties().reduce(
          (sum, each): tf.Scalar => tf.add(sum, each),
          found[outputs - 1],
        );
        return [loss, ...metrics];
      }),
  );
}

/** The penalties of a layer and of all that it holds. */
function lossesOf(layer: Layer): Penalty[] {
  const own = called(layer).losses ?? [];
  const held = partsOf(layer).flatMap(({held: each}) => [each].flat());
  return [...own, ...held.flatMap(lossesOf)];
}
