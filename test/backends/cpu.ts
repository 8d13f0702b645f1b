/** Has the spec run on `cpu`, which comes with `@tensorflow/tfjs`. */
import {tf, useBackend} from './current.js';

useBackend('cpu', () => {
  // Else its first use in Node prints that tfjs-node would be faster, for each spec again.
  Object.assign(tf.backend(), {firstUse: false});
});
