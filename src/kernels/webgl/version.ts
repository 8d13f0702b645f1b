/** Which WebGL the backend runs on: our shaders need version 2, for `texelFetch` and free loops. */
import * as tf from '@tensorflow/tfjs-core';

let hasWarned = false;

/** Whether the fused kernels can run. Says once that they cannot. */
export function hasWebgl2(): boolean {
  if (tf.env().getNumber('WEBGL_VERSION') === 2) return true;
  if (!hasWarned) {
    hasWarned = true;
    console.warn(
      'tfjs-layernorm: no fused kernel for WebGL 1; ' +
        'composed tfjs ops serve instead: the same values, more slowly.',
    );
  }
  return false;
}
