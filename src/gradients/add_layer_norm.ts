/**
 * The gradient of the kernel `AddLayerNorm`: that of layer normalisation at the sum, to which the
 * gradient of the sum itself is added. Both summands have it.
 *
 * The sum is added up anew: tfjs does not know of an output that it saved that it came of the inputs,
 * so that the gradient of the gradient would end there.
 */
import * as tf from '@tensorflow/tfjs-core';
import {AddLayerNorm} from '../kernels/contract.js';
import {runLayerNormGrad} from './layer_norm.js';

export const addLayerNormGradient: tf.GradConfig = {
  kernelName: AddLayerNorm,
  inputsToSave: ['x', 'residual', 'gamma'],
  outputsToSave: [false, true, false],
  gradFunc: (dys, saved, attrs) => {
    const [dy, , dsum] = dys as tf.Tensor[];
    const [x, residual, gamma, stats] = saved;
    const inputs = {dy, x: tf.add(x, residual), stats, gamma};
    const [dnorm, dgamma, dbeta] = runLayerNormGrad(inputs, attrs);
    const dx = tf.add(dnorm, dsum);
    // A copy for the one: tfjs disposes of a gradient when it adds to it, and may do so with either.
    return {x: () => dx, residual: () => dx.clone(), gamma: () => dgamma, beta: () => dbeta};
  },
};
