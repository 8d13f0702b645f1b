/** SpaceToDepth, which tfjs lacks: blocks of an image's pixels become channels. */
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import type {Op} from './op.js';

/** Images with the channels last. */
export const spaceToDepth: Op = ({inputs: [x], attrs}) => {
  const block = Number(attrs.block_size);
  const [batch, height, width, channels] = x.shape;
  const [rows, cols] = [height / block, width / block];
  const blocks = tf.reshape(x, [batch, rows, block, cols, block * channels]);
  return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4]), [
    ...[batch, rows, cols],
    block * block * channels,
  ]);
};

export function isChannelsLast(node: NodeDef): boolean {
  return ['', 'NHWC'].includes(atob(node.attr?.data_format?.s ?? ''));
}
