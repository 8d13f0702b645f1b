/**
 * _FusedMatMul: a matrix product with a bias and an activation. tfjs's kernel on wasm takes a bias of
 * one dimension alone, but the optimiser fuses those of any rank; and it adds that one to the wrong
 * elements where a matrix is transposed, or where there are several.
 */
import * as tf from '@tensorflow/tfjs-core';
import {activate, fusedOf, withFused} from './fused.js';
import type {Op} from './op.js';

/** Inputs: two matrices, then what the fused ops take. */
export const fusedMatMul: Op = (node) => {
  const [a, b] = node.inputs;
  const {transpose_a: transposeA, transpose_b: transposeB} = node.attrs;
  const fused = fusedOf(node);
  if (a.rank === 2 && !transposeA && !transposeB) {
    return withFused(fused, (inKernel) => tf.fused.matMul({a, b, ...inKernel}));
  }
  const product = tf.matMul(a, b, Boolean(transposeA), Boolean(transposeB));
  return activate(fused.bias ? tf.add(product, fused.bias) : product, fused);
};
