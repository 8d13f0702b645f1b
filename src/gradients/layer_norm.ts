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
    const [dx, dgamma, dbeta] = runLayerNormGrad({dy, x, stats, gamma}, attrs);
    return {x: () => dx, gamma: () => dgamma, beta: () => dbeta};
  },
};

/**
 * dx, dγ and dβ. A gradient calls it at once, not in the functions that it returns: tfjs tidies up after
 * each of those, and would dispose of what the others are to return.
 */
export function runLayerNormGrad(
  inputs: Record<'dy' | 'x' | 'stats' | 'gamma', tf.Tensor>,
  attrs: tf.NamedAttrMap,
): tf.Tensor[] {
  inputs.dy.throwIfDisposed();
  ensureKernels(); // the backend may have changed since the forward pass
  return tf.engine().runKernel(LayerNormGrad, inputs, attrs) as tf.Tensor[];
}
