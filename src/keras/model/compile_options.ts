/** The optimisers, losses and metrics that tfjs has as Keras has them, and what it lacks of a saved one. */
import * as tf from '@tensorflow/tfjs-core';
import {classOf, type Json, own, printed, snakeCase} from '../config/saved.js';
import {KerasAdam, KerasMomentum} from './optimizers.js';

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

const OPTIMIZERS: Record<string, (config: Json) => tf.Optimizer> = {
  Adagrad: (c) => tf.train.adagrad(c.learning_rate, c.initial_accumulator_value),
  Adam: (c) => new KerasAdam(c.learning_rate, c.beta_1, c.beta_2, c.epsilon),
  Adamax: (c) => tf.train.adamax(c.learning_rate, c.beta_1, c.beta_2, c.epsilon),
  RMSprop: (c) => tf.train.rmsprop(c.learning_rate, c.rho, c.momentum, c.epsilon, c.centered),
  SGD: (c) =>
    c.momentum
      ? new KerasMomentum(c.learning_rate, c.momentum, c.nesterov)
      : tf.train.sgd(c.learning_rate),
};

/** Options of which tfjs has but one value, which is Keras's default. */
const ONLY: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  Adagrad: {epsilon: 1e-7},
};

/** The name of a saved optimiser's class. */
export function optimizerName(saved: Json): string {
  return saved?.class_name ? classOf(saved) : String(saved);
}

/** What tfjs lacks of an optimiser; undefined: nothing. */
export function lackOfOptimizer(saved: Json): string | undefined {
  const name = optimizerName(saved);
  const {config} = saved;
  if (!own(OPTIMIZERS, name)) return `tfjs has no optimiser ${name}`;
  if (typeof config?.learning_rate !== 'number') {
    return `tfjs has no optimiser ${name} whose learning rate is ${printed(config?.learning_rate)}`;
  }
  const only = Object.entries(own(ONLY, name) ?? {}).find(
    ([option, value]) => (config[option] ?? value) !== value,
  );
  const unknown = only ? only[0] : unknownOption(config);
  return unknown && `tfjs has no optimiser ${name} with ${unknown} = ${printed(config[unknown])}`;
}

/** The optimiser that was saved, of which nothing is lacking. @throws Error An option that is no number. */
export function makeOptimizer({class_name, config}: Json): tf.Optimizer {
  for (const option of NUMBERS) {
    const value = config[option] ?? 0;
    if (typeof value === 'number') continue;
    throw new Error(`the optimiser's ${option} must be a number, but is ${printed(value)}.`);
  }
  return OPTIMIZERS[classOf({class_name})](config);
}

/** An output, by what a loss may be told for it. */
export interface Output {
  /** The name of the layer that gives it. */
  name: string;
  /** Its key, where the outputs are a dict. */
  key?: string;
}

/** What tfjs lacks of the losses: one, or one an output in a list or by the outputs' names. */
export function lackOfLosses(saved: Json, outputs: Output[]): string | undefined {
  const losses = eachLoss(saved, outputs);
  if (!losses) return 'which of its losses is of which output is not known';
  for (const loss of losses) {
    const given = givenName(loss);
    if (given === undefined) return 'it has no loss for an output, which tfjs must have';
    if (!knownName(loss, LOSSES, LOSS_NAMES)) return `tfjs has no loss ${given}`;
    const unknown = unknownOption(loss.config);
    if (unknown)
      return `tfjs has no loss ${given} with ${unknown} = ${printed(loss.config[unknown])}`;
  }
  return undefined;
}

/** tfjs's names of the losses of each output, of which nothing is lacking. */
export function lossesOf(saved: Json, outputs: Output[]): string[] {
  const losses = eachLoss(saved, outputs) as Json[];
  return losses.map((loss) => knownName(loss, LOSSES, LOSS_NAMES) as string);
}

/** The loss of each output as it is saved, null where there is none; undefined: it is not known which. */
function eachLoss(saved: Json, outputs: Output[]): Json[] | undefined {
  if (Array.isArray(saved)) {
    const hasKeys = outputs.some(({key}) => key !== undefined);
    return saved.length === outputs.length && !hasKeys ? saved : undefined;
  }
  if (typeof saved !== 'object' || saved === null || saved.class_name) {
    return outputs.map(() => saved);
  }
  const keyOf = ({key, name}: Output) => (key !== undefined && key in saved ? key : name);
  const known = outputs.map(keyOf);
  const isKnown = Object.keys(saved).every((key) => known.includes(key));
  return isKnown ? known.map((key) => own(saved as Record<string, Json>, key)) : undefined;
}

/** tfjs's names of those metrics that it has. */
export function metricsOf(saved: Json): string[] {
  const metrics = [saved ?? []]
    .flat(3)
    .map((metric: Json) =>
      unknownOption(metric?.config) ? undefined : knownName(metric, METRICS, METRIC_NAMES),
    );
  return [...new Set(metrics.filter((name) => name !== undefined))];
}

/** The name of a loss or metric, saved by name or as an object. */
function givenName(saved: Json): string | undefined {
  const {class_name, config} = saved ?? {};
  const given = typeof saved === 'string' ? saved : (config?.fn ?? class_name);
  return typeof given === 'string' ? given : undefined;
}

/** The name that tfjs has for a loss or metric; undefined: none. */
function knownName(
  saved: Json,
  known: Set<string>,
  others: Record<string, string>,
): string | undefined {
  const given = givenName(saved);
  if (given === undefined) return undefined;
  const snake = snakeCase(given);
  const camel = (own(others, snake) ?? snake).replace(/_([a-z])/g, (_, c: string) =>
    c.toUpperCase(),
  );
  return known.has(camel) ? camel : undefined;
}

/** An option that is set, which tfjs does not have. */
function unknownOption(config: Json): string | undefined {
  const found = Object.entries<Json>(config ?? {}).find(([key, value]) => {
    if (key === 'axis') return value !== -1;
    if (key === 'reduction') return !['auto', 'sum_over_batch_size'].includes(value);
    // A class counts as masked out by number, and the first is 0.
    if (key === 'ignore_class') return value != null;
    return !KNOWN.has(key) && isSet(value);
  });
  return found?.[0];
}

/** Not at its default, which for all options not in KNOWN is nothing, no, 0, or the usual mean. */
export const isSet = (value: unknown) =>
  Boolean(value) && !['auto', 'sum_over_batch_size'].includes(value as string);
