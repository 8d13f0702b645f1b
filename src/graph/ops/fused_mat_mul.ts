/**
 * _FusedMatMul: a matrix product with a bias and an activation. tfjs's kernel on wasm takes a bias
 * of one dimension alone, but the optimiser fuses those of any rank.
 */
import * as tf from '@tensorflow/tfjs-core';
import {fusedOf, withFused} from './fused.js';
import type {Op} from './op.js';

/** Inputs: two matrices, then what the fused ops take. */
export const fusedMatMul: Op = (node) => {
  const [a, b] = node.inputs;
  const fused = fusedOf(node);
  const [transposeA, transposeB] = [
    Boolean(node.attrs.transpose_a),
    Boolean(node.attrs.transpose_b),
  ];
  return withFused(fused, (inKernel) =>
    tf.fused.matMul({a, b, transposeA, transposeB, ...inKernel}),
  );
};
