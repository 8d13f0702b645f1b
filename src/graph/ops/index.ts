/**
 * The ops of TensorFlow that tfjs lacks, or computes wrongly on some backend, a row each.
 *
 * Nothing of tfjs is replaced: the node of such an op gets a name of its own when a graph is loaded
 * here, so that models which `tf.loadGraphModel` loads alone run as they did.
 */
import {type GraphNode, registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {biasAdd, isChannelsFirst} from './bias_add.js';
import {castToBool, isToBool} from './cast.js';
import {conv2d, fusedConv2d, fusedDepthwiseConv2d} from './conv2d.js';
import {cumprod, cumsum} from './cumulative.js';
import {einsumOp, prepareEinsum} from './einsum.js';
import {ensureShape} from './ensure_shape.js';
import {erfc} from './erfc.js';
import {fft2d, ifft2d} from './fft2d.js';
import {floorDiv} from './floor_div.js';
import {fusedMatMul} from './fused_mat_mul.js';
import {gather} from './gather.js';
import {matrixBandPart} from './matrix_band_part.js';
import {matrixDiag, matrixDiagPart, matrixSetDiag, prepareAlign} from './matrix_diag.js';
import {oneHot} from './one_hot.js';
import type {Op, SuppliedOp} from './op.js';
import {reverse} from './reverse.js';
import {roll} from './roll.js';
import {select, selectV2} from './select.js';
import {stridedSlice} from './strided_slice.js';

const FFT_KERNELS = ['FFT', 'IFFT', 'Complex', 'Real', 'Imag'];

export const SUPPLIED_OPS: Readonly<Record<string, SuppliedOp>> = {
  BiasAdd: {run: biasAdd, isNeeded: isChannelsFirst},
  Cast: {run: castToBool, isNeeded: isToBool},
  Conv2D: {run: conv2d},
  Cumprod: {run: cumprod},
  Cumsum: {run: cumsum},
  Einsum: {run: einsumOp, prepare: prepareEinsum},
  EnsureShape: {run: ensureShape},
  Erfc: {run: erfc},
  FFT2D: {run: fft2d, kernels: FFT_KERNELS},
  FloorDiv: {run: floorDiv},
  FusedDepthwiseConv2dNative: {run: fusedDepthwiseConv2d},
  GatherV2: {run: gather},
  IFFT2D: {run: ifft2d, kernels: FFT_KERNELS},
  MatrixBandPart: {run: matrixBandPart},
  MatrixDiag: {run: matrixDiag},
  MatrixDiagPart: {run: matrixDiagPart},
  MatrixDiagPartV2: {run: matrixDiagPart},
  MatrixDiagPartV3: {run: matrixDiagPart, prepare: prepareAlign},
  MatrixDiagV2: {run: matrixDiag},
  MatrixDiagV3: {run: matrixDiag, prepare: prepareAlign},
  MatrixSetDiag: {run: matrixSetDiag},
  MatrixSetDiagV2: {run: matrixSetDiag},
  MatrixSetDiagV3: {run: matrixSetDiag, prepare: prepareAlign},
  OneHot: {run: oneHot},
  ReverseV2: {run: reverse},
  Roll: {run: roll},
  Select: {run: select},
  SelectV2: {run: selectV2},
  StridedSlice: {run: stridedSlice},
  _FusedConv2D: {run: fusedConv2d},
  _FusedMatMul: {run: fusedMatMul},
};

/** The name under which an op of the table is registered with the converter. */
export function suppliedName(op: string): string {
  return `Tfjs${op}`;
}

/** Registers the ops with the converter. Safe to repeat. */
export function registerSuppliedOps(): void {
  for (const [op, {run}] of Object.entries(SUPPLIED_OPS)) registerOp(suppliedName(op), inTidy(run));
}

/** The converter disposes of what it gave to an op and what it gets from it, so that no tensor may be both. */
function inTidy(run: Op): (node: GraphNode) => tf.Tensor | tf.Tensor[] {
  return (node) =>
    tf.tidy(() => {
      const y = run(node);
      const own = (tensor: tf.Tensor) => (node.inputs.includes(tensor) ? tf.clone(tensor) : tensor);
      return Array.isArray(y) ? y.map(own) : own(y);
    });
}
