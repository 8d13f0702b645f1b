/**
 * The ops that a fused graph has in place of the patterns; and what the models need beside them:
 * `Erfc`, which tfjs lacks, and `Einsum`, for which not every backend has a kernel.
 */
import {type GraphNode, registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {layerNorm} from '../ops/layer_norm.js';
import {rmsNorm} from '../ops/rms_norm.js';
import {rmsScaling} from '../ops/rms_scaling.js';
import {einsum} from './einsum.js';
import {LAYER_NORM_OP, RMS_NORM_OP, RMS_SCALING_OP} from './match.js';

/** Registers the ops with the converter. Safe to repeat. */
export function registerCustomOps(): void {
  registerOp(LAYER_NORM_OP, (node) =>
    normalize(node, (x, gamma, beta, options) => layerNorm(x, {...options, gamma, beta})),
  );
  registerOp(RMS_NORM_OP, (node) =>
    normalize(node, (x, gamma, _, options) => rmsNorm(x, {...options, gamma})),
  );
  registerOp(RMS_SCALING_OP, (node) =>
    normalize(node, (x, gamma, _, options) => rmsScaling(x, {...options, gamma})),
  );
  registerOp('Einsum', ({inputs, attrs}) => {
    const operands = inputs.slice(0, Number(attrs.N)); // what it waits for follows them
    const equation = String(attrs.equation);
    const [a, b] = operands;
    return operands.length !== 2 || tf.getKernel('Einsum', tf.getBackend())
      ? tf.einsum(equation, ...operands)
      : einsum(equation, a, b);
  });
  // Where erf is nearly 1 the difference keeps erf's absolute error, not its relative one.
  registerOp('Erfc', (node) => tf.sub(1, tf.erf(node.inputs[0])));
}

type Norm = (
  x: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  options: {axis: number[]; epsilon: number},
) => tf.Tensor;

function normalize({inputs, attrs}: GraphNode, norm: Norm): tf.Tensor {
  const [x, ...params] = inputs;
  const gamma = attrs.has_gamma ? params.shift() : undefined;
  const beta = attrs.has_beta ? params.shift() : undefined;
  const axis = axesOf(attrs, x.shape);
  const options = {axis, epsilon: Number(attrs.epsilon)};
  const shape = attrs.shape as number[] | undefined;

  return tf.tidy(() => {
    const keepsShape = !shape || isShape(shape, x.shape);
    const areParams = [gamma, beta].every((p) => !p || (keepsShape && isParam(p, x.shape, axis)));
    if (areParams) {
      const paramShape = axis.map((a) => x.shape[a]);
      const param = (p?: tf.Tensor) => p && tf.reshape(p, paramShape);
      return reshaped(norm(x, param(gamma), param(beta), options), shape);
    }
    // As the graph had it: gamma and beta broadcast, for example one for each row.
    let y = reshaped(norm(x, undefined, undefined, options), shape);
    if (gamma) y = tf.mul(y, gamma);
    return beta ? tf.add(y, beta) : y;
  });
}

/** In ascending order: a graph has gamma already in the shape in which it broadcasts against x. */
function axesOf(attrs: GraphNode['attrs'], shape: number[]): number[] {
  const rank = shape.length;
  if (attrs.axes) {
    return (attrs.axes as number[]).map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
  }
  const begin =
    attrs.begin_axis === undefined
      ? beginOfLast(Number(attrs.cols), shape)
      : Number(attrs.begin_axis);
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

function reshaped(y: tf.Tensor, shape: number[] | undefined): tf.Tensor {
  return shape ? tf.reshape(y, shape) : y;
}
