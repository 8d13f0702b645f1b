/** Has the spec run on `webgl`, which comes with `@tensorflow/tfjs`, in its WebGL 2 form. */
import {tf, useBackend} from './current.js';

useBackend('webgl', () => {
  const version = tf.env().getNumber('WEBGL_VERSION');
  if (version !== 2) throw new Error(`WebGL 2 was expected, the browser gave WebGL ${version}.`);
});
