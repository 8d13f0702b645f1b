/** Erfc. Where erf is nearly 1 the difference keeps erf's absolute error, not its relative one. */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

export const erfc: Op = ({inputs: [x]}) => tf.sub(1, tf.erf(x));
