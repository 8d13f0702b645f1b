/**
 * Has the spec run on `webgpu`. What WebGPU finds wrong comes as events, after the call that was
 * wrong: here such an event fails the test that is running, as an error that nobody caught.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-backend-webgpu';
import {mendReadSync} from '../support/read_sync.js';
import {tf, useBackend} from './current.js';

useBackend('webgpu', () => {
  const backend = tf.backend() as WebGPUBackend;
  const {device} = backend;
  device.addEventListener('uncapturederror', ({error}) => reportError(error));
  device.lost.then(({reason, message}) => {
    throw new Error(`The WebGPU device was lost (${reason}): ${message}`);
  });
  if (navigator.userAgent.includes('Firefox')) mendReadSync(backend);
});
