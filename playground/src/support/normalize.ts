/** The package's own op on small tables, read back as numbers. */
import * as tf from '@tensorflow/tfjs-core';
import {layerNorm, rmsNorm} from 'tfjs-layernorm';
import {tidyWhenReady} from './backends.js';

export interface Statistics {
  mean: number;
  variance: number;
}

/** Each row to mean 0 and spread 1, then × gamma + beta. */
export function layerNormRows(
  rows: number[][],
  options: {epsilon: number; gamma?: number; beta?: number},
): Promise<number[][]> {
  const {epsilon, gamma = 1, beta = 0} = options;
  const all = (value: number) => rows[0].map(() => value);
  return read(() => layerNorm(rows, {gamma: all(gamma), beta: all(beta), epsilon}));
}

/** Each row to mean square 1. */
export function rmsNormRows(rows: number[][], epsilon: number): Promise<number[][]> {
  return read(() => rmsNorm(rows, {epsilon}));
}

/** Batch normalisation as it trains, without weights: each column to mean 0 and spread 1. */
export function batchNormRows(rows: number[][], epsilon: number): Promise<number[][]> {
  return read(() => layerNorm(rows, {axis: 0, epsilon}));
}

/**
 * What the op's kernel finds in each row. It gives the mean as its distance from the row's first
 * number; with ε = 0 its rstd is 1/σ.
 */
export async function statisticsOfRows(rows: number[][]): Promise<Statistics[]> {
  const stats = await read(() => {
    const [, stats] = tf
      .engine()
      .runKernel('LayerNorm', {x: tf.tensor2d(rows)}, {epsilon: 0, center: true}) as tf.Tensor[];
    return stats;
  });
  return stats.map(([distance, rstd], i) => ({
    mean: rows[i][0] + distance,
    variance: rstd === 0 ? 0 : 1 / rstd ** 2,
  }));
}

async function read(compute: () => tf.Tensor): Promise<number[][]> {
  const tensor = (await tidyWhenReady(compute)) as tf.Tensor2D;
  const values = await tensor.array();
  tensor.dispose();
  return values;
}
