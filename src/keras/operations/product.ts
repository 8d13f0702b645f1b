/** The product of two matrices, or of as many pairs of them, in the way that is the fastest on a backend. */
import * as tf from '@tensorflow/tfjs-core';
import {traits} from '../../kernels/traits.js';
import {mendMatMul} from '../../mended/mat_mul.js';

/** So many multiplications pay for the calls that take a product apart. */
const WORTH_IT = 2 ** 18;

interface Options {
  /** b is [n, k], or [batch, n, k]. */
  transposeB?: boolean;
  /** [n], where there is no batch. */
  bias?: tf.Tensor;
}

/** a·b + bias: [m, k]·[k, n] + [n] → [m, n], or [batch, m, k]·[batch, k, n] → [batch, m, n] */
export function product(a: tf.Tensor, b: tf.Tensor, {transposeB, bias}: Options = {}): tf.Tensor {
  const {multipliesPlainMatrices, addsBias} = traits();
  if (bias && addsBias) return tf.fused.matMul({a, b, transposeB, bias});
  if (multipliesPlainMatrices) mendMatMul();
  return tf.tidy(() => {
    const isApart = multipliesPlainMatrices && a.rank === 3 && isWorthIt(a, b, transposeB);
    const y = isApart ? eachProduct(a, b, transposeB) : tf.matMul(a, b, false, transposeB);
    return bias ? tf.add(y, bias) : y;
  });
}

function isWorthIt(a: tf.Tensor, b: tf.Tensor, transposeB = false): boolean {
  const [m, k] = a.shape.slice(-2);
  return m * k * (b.shape.at(transposeB ? -2 : -1) as number) >= WORTH_IT;
}

/** The product of each pair of matrices, one after the other. */
function eachProduct(a: tf.Tensor, b: tf.Tensor, transposeB = false): tf.Tensor {
  const factors = tf.unstack(b);
  return tf.stack(
    tf.unstack(a).map((matrix, i) => tf.matMul(matrix, factors[i], false, transposeB)),
  );
}
