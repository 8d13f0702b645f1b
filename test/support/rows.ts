/** Random rows, the op's values and gradients of them, and the comparison with the reference. */
import {layerNorm} from '../../src/index.js';
import * as reference from '../../src/reference.js';
import {Random} from '../../tools/random.js';
import {tf} from '../backends/current.js';
import {expectClose} from './close.js';

/** What is normalised over its last dimension, and the gradient of the result. */
export interface Rows {
  shape: number[];
  x: Float32Array;
  dy: Float32Array;
  gamma: Float32Array;
  beta: Float32Array;
  epsilon: number;
}

/** Draws rows of normal numbers, the same for the same seed. */
export function drawRows(
  shape: number[],
  {seed = 1, mean = 0.5, deviation = 2, epsilon = 1e-3} = {},
): Rows {
  const random = new Random(seed);
  const [size, cols] = [tf.util.sizeFromShape(shape), shape[shape.length - 1]];
  return {
    shape,
    x: random.normal(size, mean, deviation),
    dy: random.normal(size),
    gamma: random.normal(cols, 1, 0.3),
    beta: random.normal(cols),
    epsilon,
  };
}

/** The tensors x, gamma and beta. */
export function inputsOf({shape, x, gamma, beta}: Rows): [tf.Tensor, tf.Tensor, tf.Tensor] {
  return [tf.tensor(x, shape), tf.tensor1d(gamma), tf.tensor1d(beta)];
}

/** What the reference is given besides x. */
export function optionsOf({gamma, beta, epsilon}: Rows): reference.ReferenceOptions {
  return {cols: gamma.length, gamma, beta, epsilon, center: true};
}

/**
 * Runs the op and its gradient.
 *
 * @param options `place`: puts each input to where it is wanted, for example into a texture;
 *   `between`: called after the forward pass, before the backward one
 * @returns y, dx, dgamma, dbeta
 */
export function runRows(
  rows: Rows,
  {place = (tensor: tf.Tensor) => tensor, between = () => {}} = {},
): tf.Tensor[] {
  return tf.tidy(() => {
    const f = (...[x, gamma, beta]: tf.Tensor[]) => {
      const y = layerNorm(x, {gamma, beta, epsilon: rows.epsilon});
      between();
      return y;
    };
    const dy = place(tf.tensor(rows.dy, rows.shape));
    const {value, grads} = tf.valueAndGrads(f)(inputsOf(rows).map(place), dy);
    return [value, ...grads];
  });
}

/** Errors that are allowed, relative to the largest value of a row: of y, and of each gradient. */
export interface Tolerances {
  y: number;
  dx: number;
  dparams: number;
}

/** Compares y, dx, dγ and dβ with the reference, and disposes of them. */
export async function expectRows(
  rows: Rows,
  tensors: tf.Tensor[],
  {y, dx, dparams}: Tolerances = {y: 1e-5, dx: 1e-5, dparams: 1e-5},
): Promise<void> {
  const actual = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  const options = optionsOf(rows);
  const expected = reference.backward(rows.dy, rows.x, options);
  expectClose(actual[0], reference.forward(rows.x, options).y, y, options.cols);
  expectClose(actual[1], expected.dx, dx);
  expectClose(actual[2], expected.dgamma, dparams);
  expectClose(actual[3], expected.dbeta, dparams);
}
