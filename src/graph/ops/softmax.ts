/**
 * Softmax in a graph that masks with numbers as large as float32 has them. tfjs's kernel on webgl starts
 * the search for a row's maximum at −1e20, and so gives another distribution where all are masked.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

/** Beside numbers of the usual size as good as any that is lower. */
const LOWEST = -1e20;

export const softmax: Op = ({inputs: [x]}) => tf.softmax(tf.maximum(x, LOWEST));
