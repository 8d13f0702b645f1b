/** Compiles a model as it was in Keras, where tfjs has the optimiser and the losses. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, ModelCompileArgs} from '@tensorflow/tfjs-layers';
import {classOf, type Json, own, printed, type SavedLayer, snakeCase} from '../config/saved.js';
import {takeLogits} from './logit_losses.js';
import {KerasAdam, KerasMomentum} from './optimizers.js';
import {trainsOtherwise} from './training_limits.js';

/** Names of Keras that are not tfjs's in snake_case. */
const LOSS_NAMES: Record<string, string> = {
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  msle: 'mean_squared_logarithmic_error',
  kldivergence: 'kullback_leibler_divergence',
  kl_divergence: 'kullback_leibler_divergence',
};

const METRIC_NAMES: Record<string, string> = {
  acc: 'accuracy',
  mean_squared_error: 'mse',
  mean_absolute_error: 'mae',
};

const LOSSES = new Set([
  ...['meanSquaredError', 'meanAbsoluteError', 'meanAbsolutePercentageError'],
  ...['meanSquaredLogarithmicError', 'squaredHinge', 'hinge', 'categoricalHinge'],
  ...['categoricalCrossentropy', 'sparseCategoricalCrossentropy', 'binaryCrossentropy'],
  ...['kullbackLeiblerDivergence', 'poisson'],
]);

const METRICS = new Set(['accuracy', 'binaryAccuracy', 'categoricalAccuracy', 'mae', 'mse']);

/** What may differ from its default in an optimiser or a loss; another such value is not in tfjs. */
const KNOWN = new Set([
  ...['name', 'learning_rate', 'momentum', 'nesterov', 'rho', 'centered', 'epsilon'],
  ...['beta_1', 'beta_2', 'initial_accumulator_value', 'jit_compile', 'is_legacy_optimizer'],
  ...['ema_momentum', 'ema_overwrite_frequency', 'fn', 'dtype'],
]);

/** Options of the optimisers below; they may be absent. */
const NUMBERS = ['momentum', 'rho', 'epsilon', 'beta_1', 'beta_2', 'initial_accumulator_value'];

const OPTIMIZERS: Record<string, (config: Json) => tf.Optimizer | undefined> = {
  // tfjs has the one epsilon, which is Keras's default.
  Adagrad: (c) =>
    (c.epsilon ?? 1e-7) === 1e-7
      ? tf.train.adagrad(c.learning_rate, c.initial_accumulator_value)
      : undefined,
  Adam: (c) => new KerasAdam(c.learning_rate, c.beta_1, c.beta_2, c.epsilon),
  Adamax: (c) => tf.train.adamax(c.learning_rate, c.beta_1, c.beta_2, c.epsilon),
  RMSprop: (c) => tf.train.rmsprop(c.learning_rate, c.rho, c.momentum, c.epsilon, c.centered),
  SGD: (c) =>
    c.momentum
      ? new KerasMomentum(c.learning_rate, c.momentum, c.nesterov)
      : tf.train.sgd(c.learning_rate),
};

/**
 * Compiles `model` with the optimiser, losses and metrics that Keras saved. Where tfjs has not the
 * same optimiser or loss, option for option, the model stays uncompiled; a metric that tfjs has not
 * is left out, and all where there are several outputs. The optimiser starts afresh.
 */
export function compileAsSaved(model: LayersModel, savedModel: SavedLayer, saved: Json): void {
  const savedOptimizer = saved?.optimizer ?? saved?.optimizer_config;
  if (!savedOptimizer) return;
  const name = savedOptimizer.class_name ? classOf(savedOptimizer) : String(savedOptimizer);
  const otherwise = trainsOtherwise(savedModel, model, name);
  const loss = otherwise === undefined ? lossOf(saved) : undefined;
  const optimizer = loss && readOptimizer(savedOptimizer);
  if (!loss || !optimizer) {
    const reason =
      otherwise ?? `tfjs has not its ${loss ? 'optimiser' : 'loss'}, option for option`;
    console.warn(`tfjs-layernorm: "${model.name}" is not compiled as it was in Keras: ${reason}.`);
    return;
  }
  const metrics = [saved.metrics ?? []]
    .flat(3)
    .map((metric: Json) => knownName(metric, METRICS, METRIC_NAMES));
  const oneOutput = model.outputs.length === 1;
  try {
    model.compile({
      optimizer,
      loss,
      metrics: oneOutput ? [...new Set(metrics.filter((name) => name !== undefined))] : [],
    });
    takeLogits(model);
    // Nobody else has the optimiser: what it keeps goes with the model.
    Object.assign(model, {isOptimizerOwned: true});
  } catch (error) {
    tf.dispose(Object.values(optimizer));
    throw new Error(`the model cannot be compiled as it was saved: ${(error as Error).message}`);
  }
}

function lossOf(saved: Json): ModelCompileArgs['loss'] | undefined {
  const isOrdinary = !isSet(saved.loss_weights) && !saved.sample_weight_mode;
  return isOrdinary ? readLosses(saved.loss) : undefined;
}

/** @throws Error An option that is no number. */
function readOptimizer(saved: Json): tf.Optimizer | undefined {
  if (typeof saved?.config?.learning_rate !== 'number' || hasUnknown(saved.config)) {
    return undefined;
  }
  for (const option of NUMBERS) {
    const value = saved.config[option] ?? 0;
    if (typeof value === 'number') continue;
    throw new Error(`the optimiser's ${option} must be a number, but is ${printed(value)}.`);
  }
  return own(OPTIMIZERS, classOf(saved))?.(saved.config);
}

/** One loss, or one an output: in a list, or by the outputs' names. */
function readLosses(saved: Json): ModelCompileArgs['loss'] | undefined {
  const known = (names: (string | undefined)[]) => names.every((name) => name !== undefined);
  if (Array.isArray(saved)) {
    const names = saved.map((loss) => knownName(loss, LOSSES, LOSS_NAMES));
    return known(names) ? (names as string[]) : undefined;
  }
  if (typeof saved !== 'object' || saved === null || saved.class_name) {
    return knownName(saved, LOSSES, LOSS_NAMES);
  }
  const names = Object.entries(saved).map(([output, loss]) => [
    output,
    knownName(loss, LOSSES, LOSS_NAMES),
  ]);
  return known(names.map(([, name]) => name)) ? Object.fromEntries(names) : undefined;
}

/** The name that tfjs has for a loss or metric, saved by name or as an object; undefined: none. */
function knownName(
  saved: Json,
  known: Set<string>,
  others: Record<string, string>,
): string | undefined {
  if (saved?.config && hasUnknown(saved.config)) return undefined;
  const {class_name, config} = saved ?? {};
  const given = typeof saved === 'string' ? saved : (config?.fn ?? class_name);
  if (typeof given !== 'string') return undefined;
  const snake = snakeCase(given);
  const camel = (own(others, snake) ?? snake).replace(/_([a-z])/g, (_, c: string) =>
    c.toUpperCase(),
  );
  return known.has(camel) ? camel : undefined;
}

/** Whether an option is set that tfjs does not have. */
function hasUnknown(config: Json): boolean {
  return Object.entries<Json>(config).some(([key, value]) => {
    if (key === 'axis') return value !== -1;
    if (key === 'reduction') return !['auto', 'sum_over_batch_size'].includes(value);
    // A class counts as masked out by number, and the first is 0.
    if (key === 'ignore_class') return value != null;
    return !KNOWN.has(key) && isSet(value);
  });
}

/** Not at its default, which for all options not in KNOWN is nothing, no, 0, or the usual mean. */
const isSet = (value: unknown) =>
  Boolean(value) && !['auto', 'sum_over_batch_size'].includes(value as string);
