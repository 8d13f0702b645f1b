/** The product of two matrices, or of as many pairs of them, in the way that is the fastest on a backend. */
import * as tf from '@tensorflow/tfjs-core';
import {traits} from '../../kernels/traits.js';

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
  return tf.tidy(() => {
    const isApart = multipliesPlainMatrices && isWorthIt(a, b, transposeB);
    const y = isApart
      ? (a.rank === 2 ? plainProduct : eachProduct)(a, transposeB ? transposed(b) : b)
      : tf.matMul(a, b, false, transposeB);
    return bias ? tf.add(y, bias) : y;
  });
}

function isWorthIt(a: tf.Tensor, b: tf.Tensor, transposeB = false): boolean {
  const [m, k] = a.shape.slice(-2);
  return m * k * (b.shape.at(transposeB ? -2 : -1) as number) >= WORTH_IT;
}

function transposed(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, x.rank === 2 ? [1, 0] : [0, 2, 1]);
}

/** The product of each pair of matrices, one after the other. */
function eachProduct(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const factors = tf.unstack(b);
  return tf.stack(tf.unstack(a).map((matrix, i) => plainProduct(matrix, factors[i])));
}

/**
 * [m, k]·[k, n], of which the gradient is made of such products too. That of tfjs has products of
 * transposed matrices, which it does not transpose before.
 */
const plainProduct = tf.customGrad((...args) => {
  const [a, b] = args as unknown as tf.Tensor2D[];
  const save = args[2] as unknown as (tensors: tf.Tensor[]) => void;
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (dy: tf.Tensor, [left, right]: tf.Tensor[]) => [
      product(dy, transposed(right)),
      product(transposed(left), dy),
    ],
  };
});
