/** Cast to bool. tfjs's kernel on wasm keeps the last byte of a number in place of 0 or 1. */
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import type {Op} from './op.js';

export const castToBool: Op = ({inputs: [x]}) => tf.notEqual(tf.cast(x, 'float32'), 0);

export function isToBool({attr}: NodeDef): boolean {
  const type = attr?.DstT?.type;
  return type === 'DT_BOOL' || type === 10; // its number in TensorFlow's DataType
}
