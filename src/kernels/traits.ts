/** What the backends of tfjs are like beside our kernels, where models depend on it: a row each. */
import * as tf from '@tensorflow/tfjs-core';

interface Traits {
  /**
   * Whether two transposes cost more than one kernel saves, so that a normalisation over axes which are not
   * the last is faster as several ops, where it is only to be computed.
   */
  transposesSlowly: boolean;
  /** Whether its sine and cosine may be off by more than float32 is. */
  hasRoughSines: boolean;
  /**
   * Whether only the product of two matrices as they lie, neither transposed nor one of a batch, has the
   * backend's fast kernel, by ten times and more faster than its other one.
   */
  multipliesPlainMatrices: boolean;
  /**
   * Whether an op on two operands gives zeros where one is a vector and the other has five dimensions or more:
   * tfjs 4.22 has a shader of its own for vectors on `webgpu`, which does not compile there.
   */
  losesVectors: boolean;
  /** Whether its kernel for `tf.where` throws for tensors of more than four dimensions. */
  choosesInFourDimensions: boolean;
  /** Whether a product and the addition of a bias are faster in one than in two. */
  addsBias: boolean;
}

const OF_GPU: Traits = {
  transposesSlowly: true,
  hasRoughSines: true,
  multipliesPlainMatrices: false,
  losesVectors: false,
  choosesInFourDimensions: false,
  addsBias: true,
};
const OTHERS: Traits = {
  transposesSlowly: false,
  hasRoughSines: false,
  multipliesPlainMatrices: false,
  losesVectors: false,
  choosesInFourDimensions: false,
  addsBias: false,
};

const TRAITS: Readonly<Record<string, Traits>> = {
  tensorflow: {...OTHERS, transposesSlowly: true},
  wasm: {...OTHERS, multipliesPlainMatrices: true},
  webgl: {...OF_GPU, choosesInFourDimensions: true},
  webgpu: {...OF_GPU, losesVectors: true, choosesInFourDimensions: true},
};

export type Trait = keyof Traits;

/** The backends that have a trait. */
export function backendsThat(trait: Trait): string[] {
  return Object.keys(TRAITS).filter((name) => TRAITS[name][trait]);
}

/** The traits of the current backend. */
export function traits(): Traits {
  const name = tf.getBackend();
  return Object.hasOwn(TRAITS, name) ? TRAITS[name] : OTHERS;
}

/**
 * The share of 1 by which probabilities are kept from 0 and 1: 1e-7, and 1e-4 where the current backend
 * computes in float16. tfjs says 1e-4 of `webgl` in either case.
 */
export function epsilonOfBackend(): number {
  const said = tf.backend().epsilon();
  const isFloat32 = said > 1e-7 && tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED');
  return isFloat32 ? 1e-7 : said;
}
