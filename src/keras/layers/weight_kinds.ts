/** The options by which weights start, are held small and are kept in bounds, for any kind of weight. */
import type {serialization} from '@tensorflow/tfjs-core';
import type {LayerVariable, layers} from '@tensorflow/tfjs-layers';
import {keepConstrained} from '../../layers/weight_options.js';
import {
  type DenseOptions,
  type ResolvedDenseOptions,
  resolveDenseOptions,
} from './dense_options.js';

export interface WeightKind {
  initializer: ResolvedDenseOptions['kernelInitializer'];
  regularizer: ResolvedDenseOptions['kernelRegularizer'];
  constraint: ResolvedDenseOptions['kernelConstraint'];
}

/** Each kind by its prefix: `kernel` has `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`. */
export interface WeightKinds<Name extends string> {
  kinds: Record<Name, WeightKind>;
  /** The options as they are saved in a layer's config. */
  saved: serialization.ConfigDict;
}

/**
 * @param defaults the initialiser of each kind by default
 * @throws Error An initialiser, regulariser or constraint of an unknown name.
 */
export function resolveWeightKinds<Name extends string>(
  args: object,
  defaults: Record<Name, string>,
): WeightKinds<Name> {
  const given = args as Record<string, unknown>;
  const saved: serialization.ConfigDict = {};
  const kinds = Object.entries<string>(defaults).map(([name, initializer]) => {
    const options = resolveDenseOptions({
      kernelInitializer: given[`${name}Initializer`] ?? initializer,
      kernelRegularizer: given[`${name}Regularizer`],
      kernelConstraint: given[`${name}Constraint`],
    } as DenseOptions);
    for (const what of ['Initializer', 'Regularizer', 'Constraint'] as const) {
      saved[`${name}${what}`] = options.saved[`kernel${what}`];
    }
    const kind: WeightKind = {
      initializer: options.kernelInitializer,
      regularizer: options.kernelRegularizer,
      constraint: options.kernelConstraint,
    };
    return [name, kind];
  });
  return {kinds: Object.fromEntries(kinds) as Record<Name, WeightKind>, saved};
}

/** Adds a weight of a kind to a layer; its constraint holds whoever sets it. */
export function addWeightOf(
  layer: layers.Layer,
  kind: WeightKind,
  name: string,
  shape: number[],
): LayerVariable {
  const {initializer, regularizer, constraint} = kind;
  const add = (layer as unknown as {addWeight: AddWeight}).addWeight;
  const weight = add.call(layer, name, shape, 'float32', initializer, regularizer);
  keepConstrained(weight, constraint);
  return weight;
}

type AddWeight = (
  this: layers.Layer,
  name: string,
  shape: number[],
  dtype: 'float32',
  initializer: WeightKind['initializer'],
  regularizer: WeightKind['regularizer'],
) => LayerVariable;
