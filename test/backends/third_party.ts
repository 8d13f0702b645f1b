/**
 * Has the spec run on composed kernels: TensorFlow's ops under the name of a backend that this
 * package does not know.
 */
import '@tensorflow/tfjs-node';
import {LayerNorm, LayerNormGrad} from '../../src/kernels/contract.js';
import {silence} from '../support/silence.js';
import {tf, useBackend} from './current.js';

tf.registerBackend('third-party', tf.findBackendFactory('tensorflow'), 0);
for (const config of tf.getKernelsForBackend('tensorflow')) {
  if (config.kernelName === LayerNorm || config.kernelName === LayerNormGrad) continue;
  tf.registerKernel({...config, backendName: 'third-party'});
}

silence("no fused kernel for the backend 'third-party'");
useBackend('third-party', () => {}, 'composed');
