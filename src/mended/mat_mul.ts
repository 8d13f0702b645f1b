/**
 * The product of transposed matrices where tfjs is slow at it, which is on `wasm`.
 *
 * There tfjs hands the product of two matrices as they lie to XNNPACK, and computes that of a transposed one
 * by plain loops, which take 10 to 30 times as long. The gradients of every dense layer are such products.
 * Here a matrix is transposed first, by tfjs's own kernel.
 */
import * as tf from '@tensorflow/tfjs-core';
import {call, putInPlace} from './kernel_in_place.js';

/** So few multiplications take no longer than the calls of other kernels. */
const FEW = 2 ** 14;

/** Where each number is used so often, a transposition pays. */
const USES = 8;

export function mendMatMul(): void {
  putInPlace('multipliesPlainMatrices', tf.BatchMatMul, transposingFirst);
}

interface Given {
  inputs: {a: tf.TensorInfo; b: tf.TensorInfo};
  attrs: tf.BatchMatMulAttrs;
  backend: {disposeData(dataId: object): void};
}

function transposingFirst(multiply: tf.KernelFunc, backendName: string) {
  /** The last two dimensions in turn. */
  const transposed = (x: tf.TensorInfo, backend: Given['backend']) => {
    const perm = x.shape.map((_, i) => i);
    perm.push(...perm.splice(-2).reverse());
    const {kernelFunc} = tf.getKernel(tf.Transpose, backendName);
    return call(kernelFunc, {inputs: {x}, attrs: {perm}, backend});
  };
  return (given: Given): tf.TensorInfo => {
    const {inputs, attrs, backend} = given;
    if (!paysToTranspose(given)) return call(multiply, given);
    const a = attrs.transposeA ? transposed(inputs.a, backend) : inputs.a;
    const b = attrs.transposeB ? transposed(inputs.b, backend) : inputs.b;
    const asTheyLie = {transposeA: false, transposeB: false};
    const y = call(multiply, {inputs: {a, b}, attrs: asTheyLie, backend});
    if (a !== inputs.a) backend.disposeData(a.dataId);
    if (b !== inputs.b) backend.disposeData(b.dataId);
    return y;
  };
}

/** A batch of matrices is left as it is: tfjs has plain loops alone for it, however the matrices lie. */
function paysToTranspose({inputs: {a, b}, attrs: {transposeA, transposeB}}: Given): boolean {
  const isMatrix = ({shape, dtype}: tf.TensorInfo) =>
    dtype === 'float32' && shape.slice(0, -2).every((size) => size === 1);
  if (!isMatrix(a) || !isMatrix(b)) return false;
  const [sizeOfA, sizeOfB] = [a, b].map(({shape}) => tf.util.sizeFromShape(shape));
  const cols = Number(b.shape.at(transposeB ? -2 : -1));
  const moved = (transposeA ? sizeOfA : 0) + (transposeB ? sizeOfB : 0);
  const multiplications = sizeOfA * cols;
  return moved > 0 && multiplications >= Math.max(FEW, USES * moved);
}
