/** The dense layers inside an attention layer, each from one set of dimensions to another. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, layers} from '@tensorflow/tfjs-layers';
import {product} from '../../operations/product.js';
import type {ResolvedDenseOptions} from '../dense_options.js';
import {addWeightOf} from '../weight_kinds.js';

/** kernel [...from, ...to], bias [...to] */
export interface Projection {
  kernel: LayerVariable;
  bias?: LayerVariable;
  /** How many dimensions are summed over. */
  summed: number;
}

/** Adds the weights `name/kernel` and, where there is a bias, `name/bias`. */
export function addProjection(
  layer: layers.Layer,
  name: string,
  [from, to]: [from: number[], to: number[]],
  options: ResolvedDenseOptions,
  useBias: boolean,
): Projection {
  const add = (kind: 'kernel' | 'bias', shape: number[]) =>
    addWeightOf(
      layer,
      {
        initializer: options[`${kind}Initializer`],
        regularizer: options[`${kind}Regularizer`],
        constraint: options[`${kind}Constraint`],
      },
      `${name}/${kind}`,
      shape,
    );
  const kernel = add('kernel', [...from, ...to]);
  return {kernel, bias: useBias ? add('bias', to) : undefined, summed: from.length};
}

/** x·kernel + bias: [..., ...from] → [..., ...to] */
export function project(x: tf.Tensor, {kernel, bias, summed}: Projection): tf.Tensor {
  const [from, to] = [kernel.shape.slice(0, summed), kernel.shape.slice(summed)] as number[][];
  const rows = from.reduce((product, size) => product * size, 1);
  const matrix = tf.reshape(kernel.read(), [rows, -1]);
  const y = product(tf.reshape(x, [-1, rows]), matrix, {
    bias: bias && tf.reshape(bias.read(), [-1]),
  });
  return tf.reshape(y, [...x.shape.slice(0, x.rank - summed), ...to]);
}
