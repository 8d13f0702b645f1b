/** A product of matrices with the rules of NumPy for vectors and for the dimensions before the last two. */
import * as tf from '@tensorflow/tfjs-core';
import {broadcastTo} from './gradients.js';
import {product} from './product.js';
import {broadcastShapes} from './shapes.js';

/** [..., m, k] × [..., k, n], the dimensions before broadcast. */
export function matMul(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.rank === 1) return squeezed(matMul(tf.expandDims(a, 0), b), -2);
  if (b.rank === 1) return squeezed(matMul(a, tf.expandDims(b, -1)), -1);
  const [m, k] = a.shape.slice(-2);
  const n = b.shape.at(-1) as number;
  if (b.rank === 2) {
    const flat = product(tf.reshape(a, [-1, k]), b);
    return tf.reshape(flat, [...a.shape.slice(0, -1), n]);
  }
  const before = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) as number[];
  const size = before.reduce((x, y) => x * y, 1);
  const spread = (x: tf.Tensor, rows: number, cols: number) => {
    const to = [...before, rows, cols];
    return tf.reshape(String(to) === String(x.shape) ? x : broadcastTo(x, to), [size, rows, cols]);
  };
  const products = product(spread(a, m, k), spread(b, k, n));
  return tf.reshape(products, [...before, m, n]);
}

const squeezed = (x: tf.Tensor, axis: number) => tf.squeeze(x, [axis + x.rank]);
