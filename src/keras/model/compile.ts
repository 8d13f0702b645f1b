/** Compiles a model as it was in Keras, where tfjs trains it as Keras does. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {Json, SavedLayer} from '../config/saved.js';
import type {KerasVersion} from '../config/version.js';
import {lossesOf, makeOptimizer, metricsOf, type Output} from './compile_options.js';
import {takeLogits} from './logit_losses.js';
import {addPenalties} from './penalties.js';
import {trainedModel} from './trained_model.js';
import {trainsOtherwise} from './training_limits.js';

/**
 * Compiles `model` with the optimiser, losses and metrics that Keras saved. Where tfjs would train it
 * otherwise, the model stays uncompiled, and a notice says why; a metric that tfjs has not is left out,
 * and all where there are several outputs. The optimiser starts afresh.
 */
export function compileAsSaved(
  model: LayersModel,
  saved: SavedLayer,
  compiled: Json,
  version: KerasVersion,
): void {
  const optimizer = compiled?.optimizer ?? compiled?.optimizer_config;
  if (!optimizer) return;
  const outputs = outputsOf(saved, model);
  const reason = trainsOtherwise({
    saved,
    built: model,
    outputs,
    compiled,
    optimizer,
    version,
  });
  if (reason !== undefined) {
    console.warn(`tfjs-layernorm: "${model.name}" is not compiled as it was in Keras: ${reason}.`);
    return;
  }
  const made = makeOptimizer(optimizer);
  try {
    model.compile({
      optimizer: made,
      loss: lossesOf(compiled.loss, outputs),
      metrics: model.outputs.length === 1 ? metricsOf(compiled.metrics) : [],
    });
    const trained = trainedModel(model);
    takeLogits(trained, version);
    addPenalties(trained, version);
    // Nobody else has the optimiser: what it keeps goes with the model.
    Object.assign(model, {isOptimizerOwned: true});
  } catch (error) {
    tf.dispose(Object.values(made));
    throw new Error(`the model cannot be compiled as it was saved: ${(error as Error).message}`);
  }
}

/** The outputs in tfjs's order, which is that of a dict of them as it was given in Python. */
function outputsOf({config}: SavedLayer, {outputs}: LayersModel): Output[] {
  const {output_layers} = config;
  const isDict = output_layers && !Array.isArray(output_layers);
  const keys: (string | undefined)[] = isDict ? Object.keys(output_layers) : [];
  return outputs.map(({sourceLayer}, i) => ({name: sourceLayer.name, key: keys[i]}));
}
