/** The same numbers for every contender: ordinary activations, with a mean that is not 0. */

import {Random} from '../../tools/random.js';
import type {Data, Values} from '../types.js';

export const EPSILON = 1e-3;

/** The data of a shape whose last dimension is normalised. */
export function createData(shape: number[]): Data {
  const cols = shape[shape.length - 1];
  const size = shape.reduce((product, n) => product * n, 1);
  const random = new Random(cols * 31 + size);
  const fill = (length: number, scale: number, offset: number): Values =>
    Float32Array.from({length}, () => offset + scale * (2 * random.uniform() - 1));
  return {
    x: fill(size, 2, 0.5),
    dy: fill(size, 1, 0),
    gamma: fill(cols, 0.5, 1),
    beta: fill(cols, 0.5, 0),
  };
}

/** `size` float32 numbers of the normal distribution, the same each time. */
export function normal(size: number, mean: number, spread: number): Values {
  return new Random(size).normal(size, mean, spread);
}
