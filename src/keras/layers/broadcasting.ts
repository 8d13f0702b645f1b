/** Broadcasting that is right on every backend. */
import {reshape, type Tensor} from '@tensorflow/tfjs-core';

/** The rank from which on tfjs's `webgpu` cannot read a vector's place out of the other's. */
const LEAST_RANK = 5;

/**
 * The tensors, a vector beside a tensor of five dimensions or more with as many: [n] as [1, 1, 1, 1, n].
 * tfjs 4.22 has a shader of its own for vectors on `webgpu`, which does not compile there, and the
 * result is then 0 everywhere.
 */
export function withOneRank(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (Math.max(a.rank, b.rank) < LEAST_RANK) return [a, b];
  const raised = (v: Tensor, other: Tensor) =>
    v.rank === 1 ? reshape(v, [...other.shape.slice(1).map(() => 1), v.size]) : v;
  return [raised(a, b), raised(b, a)];
}
