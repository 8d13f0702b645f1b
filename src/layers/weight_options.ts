/** The six options that say how gamma and beta start, are held small and are kept in bounds. */
import {tidy, type Variable} from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {camelCaseKeys, isDict} from './camel_case.js';

export type BatchNormalizationArgs = NonNullable<
  Parameters<typeof tfl.layers.batchNormalization>[0]
>;

export const weightOptionNames = [
  'betaInitializer',
  'gammaInitializer',
  'betaRegularizer',
  'gammaRegularizer',
  'betaConstraint',
  'gammaConstraint',
] as const;

/** What the user may give: an object, the name of one ('l1l2', 'unitNorm') or its saved config. */
export type WeightOptions = Pick<BatchNormalizationArgs, (typeof weightOptionNames)[number]>;

type Initializer = ReturnType<typeof tfl.initializers.zeros>;
type Regularizer = ReturnType<typeof tfl.regularizers.l1l2>;
type Constraint = ReturnType<typeof tfl.constraints.nonNeg>;

export interface ResolvedWeightOptions {
  betaInitializer: Initializer;
  gammaInitializer: Initializer;
  betaRegularizer: Regularizer;
  gammaRegularizer: Regularizer;
  betaConstraint: Constraint | null;
  gammaConstraint: Constraint | null;
  /** The six as they are saved in a layer's config. */
  saved: ReturnType<tfl.layers.Layer['getConfig']>;
}

/**
 * Turns the six options into objects, and into their saved form.
 *
 * tfjs-layers does not export the functions that do so, but its batch normalisation has the same
 * six options with the same defaults: one is made, never built, and asked.
 *
 * @throws Error An initialiser, regulariser or constraint of an unknown name.
 */
export function resolveWeightOptions(options: WeightOptions): ResolvedWeightOptions {
  const pick = (source: object) =>
    Object.fromEntries(
      weightOptionNames.map((name) => {
        const value: unknown = source[name as keyof object];
        return [name, isDict(value) ? camelCaseKeys(value) : value]; // tfjs changes what it is given
      }),
    );
  const helper = tfl.layers.batchNormalization({
    ...pick(options),
    name: 'weight_options',
  });
  return {
    ...(pick(helper) as unknown as ResolvedWeightOptions),
    saved: pick(helper.getConfig()) as ResolvedWeightOptions['saved'],
  };
}

/**
 * Keeps a weight within its constraint, as Keras does: whoever sets it, an optimiser too. tfjs
 * itself applies constraints where weights are set, but not in `model.fit`.
 */
export function keepConstrained(weight: tfl.LayerVariable, constraint: Constraint | null): void {
  if (!constraint) return;
  const variable = weight.read() as Variable;
  const assign = variable.assign.bind(variable);
  variable.assign = (value) => {
    const projected = tidy(() => constraint.apply(value));
    assign(projected);
    projected.dispose();
  };
}
