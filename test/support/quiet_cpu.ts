/** The backend `cpu`, without the advice to install tfjs-node that it prints at its first use in Node. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

beforeAll(() => {
  Object.assign(tf.backend(), {firstUse: false});
});
