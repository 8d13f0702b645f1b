/** The options of a layer's kernels and biases, as objects and in their saved form. */
import * as tfl from '@tensorflow/tfjs-layers';
import {camelCaseKeys, isDict} from '../../layers/camel_case.js';

type DenseArgs = Parameters<typeof tfl.layers.dense>[0];

const names = [
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
] as const;

/** What the user may give: an object, the name of one, or its saved config. */
export type DenseOptions = Pick<DenseArgs, (typeof names)[number]>;

type Initializer = ReturnType<typeof tfl.initializers.zeros>;
type Regularizer = ReturnType<typeof tfl.regularizers.l1l2>;
type Constraint = ReturnType<typeof tfl.constraints.nonNeg>;

export interface ResolvedDenseOptions {
  kernelInitializer: Initializer;
  biasInitializer: Initializer;
  kernelRegularizer: Regularizer;
  biasRegularizer: Regularizer;
  kernelConstraint: Constraint | null;
  biasConstraint: Constraint | null;
  /** The six as they are saved in a layer's config. */
  saved: ReturnType<tfl.layers.Layer['getConfig']>;
}

/**
 * Resolves the options as `resolveWeightOptions` does for gamma and beta: a dense layer of tfjs has the same options,
 * with the defaults glorotUniform and zeros. One is made, never built, and asked.
 *
 * @throws Error An initialiser, regulariser or constraint of an unknown name.
 */
export function resolveDenseOptions(options: DenseOptions): ResolvedDenseOptions {
  const given = names.map((name) => {
    const value: unknown = options[name];
    return [name, isDict(value) ? camelCaseKeys(value) : value]; // tfjs changes what it is given
  });
  const defaults = {kernelInitializer: 'glorotUniform', biasInitializer: 'zeros'};
  const args = Object.fromEntries(given.filter(([, value]) => value != null));
  const helper = tfl.layers.dense({units: 1, ...defaults, ...args, name: 'dense_options'});
  const pick = (source: object) =>
    Object.fromEntries(names.map((name) => [name, source[name as keyof object]]));
  return {
    ...(pick(helper) as unknown as ResolvedDenseOptions),
    saved: pick(helper.getConfig()) as ResolvedDenseOptions['saved'],
  };
}
