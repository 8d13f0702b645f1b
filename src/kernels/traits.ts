/** What the backends of tfjs are like beside our kernels, where graph models depend on it: a row each. */
import * as tf from '@tensorflow/tfjs-core';

interface Traits {
  /**
   * Whether two transposes cost more than one kernel saves, so that a normalisation over axes which are not
   * the last is faster as several ops, where it is only to be computed.
   */
  transposesSlowly: boolean;
  /** Whether its sine and cosine may be off by more than float32 is. */
  hasRoughSines: boolean;
}

const OF_GPU: Traits = {transposesSlowly: true, hasRoughSines: true};
const OTHERS: Traits = {transposesSlowly: false, hasRoughSines: false};

const TRAITS: Readonly<Record<string, Traits>> = {webgl: OF_GPU, webgpu: OF_GPU};

/** The traits of the current backend. */
export function traits(): Traits {
  const name = tf.getBackend();
  return Object.hasOwn(TRAITS, name) ? TRAITS[name] : OTHERS;
}
