/**
 * Has the spec run on `webgpu`. What WebGPU finds wrong comes as events, after the call that was
 * wrong: here such an event fails the test that is running, as an error that nobody caught.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-backend-webgpu';
import {tf, useBackend} from './current.js';

useBackend('webgpu', () => {
  const {device} = tf.backend() as WebGPUBackend;
  device.addEventListener('uncapturederror', ({error}) => reportError(error));
  device.lost.then(({reason, message}) => {
    throw new Error(`The WebGPU device was lost (${reason}): ${message}`);
  });
});
