/** BiasAdd. tfjs adds along the last dimension also where the graph has the channels first. */
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import type {Op} from './op.js';

/** Adds the bias along dimension 1. */
export const biasAdd: Op = ({inputs: [x, bias]}) => tf.add(x, alongDimension1(bias, x));

/** A number for each channel, so shaped that it broadcasts along dimension 1 of x. */
export function alongDimension1(param: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.reshape(param, [-1, ...x.shape.slice(2).map(() => 1)]);
}

export function isChannelsFirst(node: NodeDef): boolean {
  return atob(node.attr?.data_format?.s ?? '').startsWith('NC');
}
