/** Which WebGL the backend runs on: our shaders need version 2, for `texelFetch` and free loops. */
import * as tf from '@tensorflow/tfjs-core';
import {noticeSubstitute} from '../notice.js';

let hasWarned = false;

/** Whether the fused kernels can run. Says once that they cannot. */
export function hasWebgl2(): boolean {
  if (tf.env().getNumber('WEBGL_VERSION') === 2) return true;
  if (!hasWarned) {
    hasWarned = true;
    noticeSubstitute('WebGL 1');
  }
  return false;
}
