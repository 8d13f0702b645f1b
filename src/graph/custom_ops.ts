/** The ops that a fused graph has in place of the patterns. */
import {type GraphNode, registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {composedIsFaster} from '../ops/composed_is_faster.js';
import {layerNorm} from '../ops/layer_norm.js';
import {rmsNorm} from '../ops/rms_norm.js';
import {rmsScaling} from '../ops/rms_scaling.js';
import {type FusedOp, readFusedOp} from './fused_op.js';
import {type Extent, LAYER_NORM_OP, RMS_NORM_OP, RMS_SCALING_OP} from './match.js';

/** Registers the ops with the converter. Safe to repeat. */
export function registerCustomOps(): void {
  for (const [op, norm] of Object.entries(NORMS)) registerOp(op, (node) => normalize(node, norm));
}

interface Norm {
  /** Whether the mean is taken from x. Absent: `composed` does not compute it. */
  centres?: boolean;
  run(
    x: tf.Tensor,
    gamma: tf.Tensor | undefined,
    beta: tf.Tensor | undefined,
    options: {axis: number[]; epsilon: number},
  ): tf.Tensor;
}

const NORMS: Readonly<Record<string, Norm>> = {
  [LAYER_NORM_OP]: {
    centres: true,
    run: (x, gamma, beta, options) => layerNorm(x, {...options, gamma, beta}),
  },
  [RMS_NORM_OP]: {
    centres: false,
    run: (x, gamma, _, options) => rmsNorm(x, {...options, gamma}),
  },
  [RMS_SCALING_OP]: {
    run: (x, gamma, _, options) => rmsScaling(x, {...options, gamma}),
  },
};

function normalize(node: GraphNode, norm: Norm): tf.Tensor {
  const fused = readFusedOp(node);
  const axis = axesOf(fused.extent, fused.x.shape);
  return tf.tidy(() => {
    const y = isMean(fused, axis)
      ? normalized(fused, axis, norm)
      : composed(fused, axis, norm.centres);
    const missing = fused.minRank - y.rank;
    return missing > 0 ? tf.reshape(y, [...Array(missing).fill(1), ...y.shape]) : y;
  });
}

function normalized(fused: FusedOp, axis: number[], {centres, run}: Norm): tf.Tensor {
  const {x, gamma, beta, epsilon, shape} = fused;
  const options = {axis, epsilon};
  const keepsShape = !shape || isShape(shape, x.shape);
  if (centres !== undefined && keepsShape && composedIsFaster(x.shape, axis)) {
    return composed({...fused, count: undefined, onePass: false}, axis, centres);
  }
  if ([gamma, beta].every((p) => !p || (keepsShape && isParam(p, x.shape, axis)))) {
    const paramShape = axis.map((a) => x.shape[a]);
    const param = (p?: tf.Tensor) => p && reshaped(p, paramShape);
    return reshaped(run(x, param(gamma), param(beta), options), shape);
  }
  // As the graph had it: gamma and beta broadcast, for example one for each row.
  let y = reshaped(run(x, undefined, undefined, options), shape);
  if (gamma) y = tf.mul(y, gamma);
  return beta ? tf.add(y, beta) : y;
}

/** Whether what the graph divides sums by is the number of a row's elements. */
function isMean({x, count}: FusedOp, axis: number[]): boolean {
  return count === undefined || count === axis.reduce((size, a) => size * x.shape[a], 1);
}

/**
 * Computes what the graph had, with ops of tfjs: where its sums are no means, so that it only looked like a
 * normalisation; and where the axes would have to be moved, which may cost more than one kernel saves.
 */
function composed(
  {x, gamma, beta, count, onePass, epsilon}: FusedOp,
  axis: number[],
  centres: boolean | undefined,
): tf.Tensor {
  const average = (of: tf.Tensor) =>
    count === undefined ? tf.mean(of, axis, true) : tf.div(tf.sum(of, axis, true), count);
  const mean = centres ? average(x) : undefined;
  const centred = mean ? tf.sub(x, mean) : x;
  const variance =
    mean && onePass
      ? tf.maximum(tf.sub(average(tf.square(x)), tf.square(mean)), 0)
      : average(tf.square(centred));
  const rstd = tf.rsqrt(tf.add(variance, epsilon));
  const scaled = gamma ? scaledBy(centred, rstd, gamma) : tf.mul(centred, rstd);
  return beta ? tf.add(scaled, beta) : scaled;
}

/** The product of the three, of those first that are small where two are. */
function scaledBy(centred: tf.Tensor, rstd: tf.Tensor, gamma: tf.Tensor): tf.Tensor {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(rstd.shape, gamma.shape);
  const isSmall = tf.util.sizeFromShape(shape) < centred.size;
  if (isSmall) return tf.mul(centred, tf.mul(rstd, gamma));
  return tf.mul(tf.mul(centred, rstd), gamma);
}

/** The axes in ascending order: a graph has gamma already in the shape that broadcasts against x. */
function axesOf(extent: Extent, shape: number[]): number[] {
  const rank = shape.length;
  if ('axes' in extent) {
    return extent.axes.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
  }
  const begin = 'cols' in extent ? beginOfLast(extent.cols, shape) : extent.beginAxis;
  const positive = begin < 0 ? begin + rank : begin;
  return Array.from({length: rank - positive}, (_, i) => positive + i);
}

/** The dimension from which on the last ones have `cols` elements. */
function beginOfLast(cols: number, shape: number[]): number {
  let size = 1;
  for (let begin = shape.length - 1; begin >= 0; begin--) {
    size *= shape[begin];
    if (size === cols) return begin;
  }
  throw new Error(
    `${LAYER_NORM_OP}: the graph normalises rows of ${cols} elements, ` +
      `which are not the last dimensions of the shape [${shape}].`,
  );
}

function isShape(asked: number[], shape: number[]): boolean {
  return (
    asked.length === shape.length && asked.every((size, i) => size === -1 || size === shape[i])
  );
}

/** Whether a tensor has the normalised dimensions of x and 1 for every other, if any. */
function isParam(param: tf.Tensor, shape: number[], axis: number[]): boolean {
  const missing = shape.length - param.rank;
  if (missing < 0) return false;
  return shape.every((size, i) => {
    const own = i < missing ? 1 : param.shape[i - missing];
    return own === (axis.includes(i) ? size : 1);
  });
}

/** The same tensor where it has the shape already: a reshape costs as much as a small kernel. */
function reshaped(y: tf.Tensor, shape: number[] | undefined): tf.Tensor {
  return shape && !isShape(shape, y.shape) ? tf.reshape(y, shape) : y;
}
