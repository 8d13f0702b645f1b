/**
 * The ops of TensorFlow that tfjs lacks, or computes wrongly on some backend, a row each.
 *
 * Nothing of tfjs is replaced: the node of such an op gets a name of its own when a graph is loaded
 * here, so that models which `tf.loadGraphModel` loads alone run as they did.
 */
import {registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import {biasAdd, isChannelsFirst} from './bias_add.js';
import {castToBool, isToBool} from './cast.js';
import {conv2d, fusedConv2d, fusedDepthwiseConv2d} from './conv2d.js';
import {cumprod, cumsum} from './cumulative.js';
import {einsumOp, prepareEinsum} from './einsum.js';
import {
  bitwiseAnd,
  clip,
  inv,
  invertPermutation,
  l2Loss,
  pow,
  rint,
  softsign,
  truncateDiv,
  truncateMod,
  xdivy,
  xlogy,
} from './elementwise.js';
import {ensureShape} from './ensure_shape.js';
import {erfc} from './erfc.js';
import {fft2d, ifft2d} from './fft2d.js';
import {floorDiv} from './floor_div.js';
import {fusedBatchNorm, isOtherThanInTfjs} from './fused_batch_norm.js';
import {fusedMatMul} from './fused_mat_mul.js';
import {gather} from './gather.js';
import {batchMatMul} from './mat_mul.js';
import {matrixBandPart} from './matrix_band_part.js';
import {matrixDiag, matrixDiagPart, matrixSetDiag, prepareAlign} from './matrix_diag.js';
import {oneHot} from './one_hot.js';
import type {AboutGraph, Op, SuppliedOp} from './op.js';
import {all, any, argMax, argMin, max, mean, min, prod, sum} from './reduce.js';
import {reverse} from './reverse.js';
import {roll} from './roll.js';
import {unsortedSegmentSum} from './segment_sum.js';
import {select, selectV2} from './select.js';
import {softmax} from './softmax.js';
import {isChannelsLast, spaceToDepth} from './space_to_depth.js';
import {stridedSlice} from './strided_slice.js';
import {transpose} from './transpose.js';
import {cos, sin} from './trigonometry.js';

const FFT_KERNELS = ['FFT', 'IFFT', 'Complex', 'Real', 'Imag'];

export const SUPPLIED_OPS: Readonly<Record<string, SuppliedOp>> = {
  All: {run: all},
  Any: {run: any},
  ArgMax: {run: argMax, isNeeded: isNotFloat},
  ArgMin: {run: argMin, isNeeded: isNotFloat},
  BatchMatMulV2: {run: batchMatMul},
  BatchMatMulV3: {run: batchMatMul},
  BiasAdd: {run: biasAdd, isNeeded: isChannelsFirst},
  BitwiseAnd: {run: bitwiseAnd, kernels: ['BitwiseAnd']},
  Cast: {run: castToBool, isNeeded: isToBool},
  ClipByValue: {run: clip, isNeeded: isNotFloat},
  Conv2D: {run: conv2d},
  Cos: {run: cos},
  Cumprod: {run: cumprod},
  Cumsum: {run: cumsum},
  Einsum: {run: einsumOp, prepare: prepareEinsum},
  EnsureShape: {run: ensureShape},
  Erfc: {run: erfc},
  FFT2D: {run: fft2d, kernels: FFT_KERNELS},
  FloorDiv: {run: floorDiv},
  FusedBatchNorm: {run: fusedBatchNorm, isNeeded: isOtherThanInTfjs},
  FusedBatchNormV2: {run: fusedBatchNorm, isNeeded: isOtherThanInTfjs},
  FusedBatchNormV3: {run: fusedBatchNorm, isNeeded: isOtherThanInTfjs},
  FusedDepthwiseConv2dNative: {run: fusedDepthwiseConv2d},
  GatherV2: {run: gather},
  IFFT2D: {run: ifft2d, kernels: FFT_KERNELS},
  Inv: {run: inv},
  InvertPermutation: {run: invertPermutation},
  L2Loss: {run: l2Loss},
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
  Max: {run: max, isNeeded: isNotFloatOrHuge},
  Mean: {run: mean, isNeeded: isNotFloat},
  Min: {run: min, isNeeded: isNotFloatOrHuge},
  Mod: {run: truncateMod},
  OneHot: {run: oneHot},
  Pow: {run: pow, isNeeded: isNotFloat},
  Prod: {run: prod, isNeeded: isNotFloat},
  ReverseV2: {run: reverse},
  Rint: {run: rint},
  Roll: {run: roll},
  Select: {run: select},
  SelectV2: {run: selectV2},
  Sin: {run: sin},
  Softmax: {run: softmax, isNeeded: (_, {hasHuge}) => hasHuge},
  Softsign: {run: softsign},
  SpaceToDepth: {run: spaceToDepth, isNeeded: isChannelsLast},
  StridedSlice: {run: stridedSlice},
  Sum: {run: sum, isNeeded: isNotFloat},
  Transpose: {run: transpose, isNeeded: isNotFloat},
  TruncateDiv: {run: truncateDiv},
  TruncateMod: {run: truncateMod},
  UnsortedSegmentSum: {run: unsortedSegmentSum},
  Xdivy: {run: xdivy},
  Xlogy: {run: xlogy},
  _FusedConv2D: {run: fusedConv2d},
  _FusedMatMul: {run: fusedMatMul},
};

/** Whether a node computes on others than floats, or does not say on what. */
function isNotFloat({attr}: NodeDef): boolean {
  const type = attr?.T?.type;
  return !(type === 'DT_FLOAT' || type === 1); // its number in TensorFlow's DataType
}

function isNotFloatOrHuge(node: NodeDef, {hasHuge}: AboutGraph): boolean {
  return hasHuge || isNotFloat(node);
}

/** The name under which an op of the table is registered with the converter. */
export function suppliedName(op: string): string {
  return `Tfjs${op}`;
}

/** Registers the ops with the converter. Safe to repeat. */
export function registerSuppliedOps(): void {
  for (const [op, {run}] of Object.entries(SUPPLIED_OPS)) registerOp(suppliedName(op), inTidy(run));
}

/** The converter disposes of what it gave to an op and what it gets from it, so that no tensor may be both. */
function inTidy(run: Op): Op {
  return (node) =>
    tf.tidy(() => {
      const y = run(node);
      return node.inputs.includes(y) ? tf.clone(y) : y;
    });
}
