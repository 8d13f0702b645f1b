/**
 * FusedBatchNorm. tfjs takes the moments from the inputs also where the node is to take them from x itself,
 * as in training; the channels from the last dimension also where they are the first; and another epsilon
 * than TensorFlow's where the node leaves it out.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import {alongDimension1, isChannelsFirst} from './bias_add.js';
import type {Op} from './op.js';

export const fusedBatchNorm: Op = ({inputs: [x, scale, offset, ...given], attrs}) => {
  const isFirst = String(attrs.data_format ?? '').startsWith('nc');
  const axes = Array.from({length: x.rank}, (_, i) => i);
  axes.splice(isFirst ? 1 : -1, 1);
  const alongChannels = (param: tf.Tensor) => (isFirst ? alongDimension1(param, x) : param);
  const {mean, variance} =
    attrs.is_training === false
      ? {mean: alongChannels(given[0]), variance: alongChannels(given[1])}
      : tf.moments(x, axes, true);
  const rstd = tf.rsqrt(tf.add(variance, Number(attrs.epsilon ?? 1e-4)));
  const xhat = tf.mul(tf.sub(x, mean), rstd);
  return tf.add(tf.mul(xhat, alongChannels(scale)), alongChannels(offset));
};

export function isOtherThanInTfjs(node: NodeDef): boolean {
  const {is_training: training, epsilon} = node.attr ?? {};
  return training?.b !== false || epsilon === undefined || isChannelsFirst(node);
}
