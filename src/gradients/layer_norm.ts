/** The gradient of the kernel `LayerNorm`: one call of the kernel `LayerNormGrad`. */
import * as tf from '@tensorflow/tfjs-core';
import {LayerNorm, LayerNormGrad} from '../kernels/contract.js';
import {ensureKernels} from '../kernels/register.js';

export const layerNormGradient: tf.GradConfig = {
  kernelName: LayerNorm,
  inputsToSave: ['x', 'gamma'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    // dys[1], of the statistics, is not used: they are saved for this function, not an output.
    const [dy] = dys as tf.Tensor[];
    const [x, gamma, stats] = saved;
    dy.throwIfDisposed();
    ensureKernels(); // the backend may have changed since the forward pass

    // The kernel runs here, not in the functions below: tfjs tidies up after each of those, and would
    // dispose of what the others are to return.
    const inputs = {dy, x, stats, gamma};
    const [dx, dgamma, dbeta] = tf.engine().runKernel(LayerNormGrad, inputs, attrs) as tf.Tensor[];
    return {x: () => dx, gamma: () => dgamma, beta: () => dbeta};
  },
};
