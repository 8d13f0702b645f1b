/** Random rows, the op's values and gradients of them, and the comparison with the reference. */
import {layerNorm, rmsNorm} from '../../src/index.js';
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
  /** `false`: RMS normalisation, to which beta is then added. */
  center: boolean;
}

/** How x is drawn. */
interface Distribution {
  seed?: number;
  mean?: number;
  deviation?: number;
}

/** Draws rows of normal numbers, the same for the same seed; what is given is not drawn. */
export function drawRows(
  shape: number[],
  {seed = 1, mean = 0.5, deviation = 2, ...given}: Distribution & Partial<Rows> = {},
): Rows {
  const random = new Random(seed);
  const [size, cols] = [tf.util.sizeFromShape(shape), shape[shape.length - 1]];
  return {
    shape,
    x: random.normal(size, mean, deviation),
    dy: random.normal(size),
    gamma: random.normal(cols, 1, 0.3),
    beta: random.normal(cols),
    epsilon: 1e-3,
    center: true,
    ...given,
  };
}

/** The tensors x, gamma and beta. */
export function inputsOf({shape, x, gamma, beta}: Rows): [tf.Tensor, tf.Tensor, tf.Tensor] {
  return [tf.tensor(x, shape), tf.tensor1d(gamma), tf.tensor1d(beta)];
}

/** What the reference is given besides x. */
export function optionsOf({gamma, beta, epsilon, center}: Rows): reference.ReferenceOptions {
  return {cols: gamma.length, gamma, beta, epsilon, center};
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
  const {epsilon, center} = rows;
  return tf.tidy(() => {
    const f = (...[x, gamma, beta]: tf.Tensor[]) => {
      const y = center
        ? layerNorm(x, {gamma, beta, epsilon})
        : tf.add(rmsNorm(x, {gamma, epsilon}), beta);
      between();
      return y;
    };
    const dy = place(tf.tensor(rows.dy, rows.shape));
    const {value, grads} = tf.valueAndGrads(f)(inputsOf(rows).map(place), dy);
    return [value, ...grads];
  });
}

/** The numbers that `runRows` computed. */
export interface Results {
  y: Float32Array;
  dx: Float32Array;
  dgamma: Float32Array;
  dbeta: Float32Array;
}

/** Reads what `runRows` returned, and disposes of it. */
export async function readRows(tensors: tf.Tensor[]): Promise<Results> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  const [y, dx, dgamma, dbeta] = values as Float32Array[];
  return {y, dx, dgamma, dbeta};
}

/** Errors that are allowed, relative to the largest value of a row: of y, of dx, of dγ and dβ. */
export interface Tolerances {
  y: number;
  dx: number;
  dparams: number;
}

/** What rows of ordinary numbers keep on every backend. */
export const DEFAULT_TOLERANCES: Tolerances = {y: 2e-6, dx: 1e-5, dparams: 1e-5};

/**
 * Rows of no more columns are short. There y and dx may be small differences of large terms, beside
 * which alone float32 can be exact.
 */
const SHORT = 5;

/**
 * Compares y, dx, dγ and dβ with the reference. Where a result is the sum of large terms, its error
 * is taken beside their size: in short rows max|γ·x̂| for y and r·√Σg² for dx, which is r times a
 * projection of g; always the largest number summed for dγ and dβ.
 */
export function compareRows(rows: Rows, actual: Results, tolerances: Tolerances): void {
  const {x, dy, gamma} = rows;
  const options = optionsOf(rows);
  const {cols} = options;
  const {y, rstd} = reference.forward(x, options);
  const {dx, dgamma, dbeta} = reference.backward(dy, x, options);
  const xhat = reference.forward(x, {...options, gamma: undefined, beta: undefined}).y;

  const isShort = cols <= SHORT;
  const scaled = (values: ArrayLike<number>, row: number) =>
    Array.from({length: isShort ? cols : 0}, (_, c) => values[row * cols + c] * gamma[c]);
  const sizesOfY = Array.from(rstd, (_, row) => largest(scaled(xhat, row)));
  const sizesOfDx = Array.from(rstd, (r, row) => r * Math.hypot(...scaled(dy, row)));
  const terms = xhat.map((value, i) => value * dy[i]);

  expectClose(actual.y, y, tolerances.y, cols, sizesOfY);
  expectClose(actual.dx, dx, tolerances.dx, cols, sizesOfDx);
  expectClose(actual.dgamma, dgamma, tolerances.dparams, cols, largest(terms));
  expectClose(actual.dbeta, dbeta, tolerances.dparams, cols, largest(dy));
}

/** Reads what `runRows` returned, disposes of it, and compares it with the reference. */
export async function expectRows(
  rows: Rows,
  tensors: tf.Tensor[],
  tolerances: Tolerances = DEFAULT_TOLERANCES,
): Promise<void> {
  compareRows(rows, await readRows(tensors), tolerances);
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
