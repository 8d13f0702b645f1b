/**
 * The node that takes a normalisation's place: what its inputs and attributes mean. Written when a
 * graph is loaded, and read when it runs, both here.
 *
 *     inputs  x, then gamma if has_gamma, then beta if there is one
 *     epsilon
 *     axes | begin_axis | cols    which dimensions are normalised, as `Extent` says
 *     count, one_pass             what the graph divides sums over a row by, and whether it takes the
 *                                 variance in one pass
 *     shape                       of the result, where it is not that of x
 *     min_rank                    of the result, where gamma and beta had 1s before their last
 *                                 dimension, which were taken away at load
 */
import type {GraphNode} from '@tensorflow/tfjs-converter';
import type * as tf from '@tensorflow/tfjs-core';
import type {AttrValue, NodeDef} from './graph_def.js';
import type {Extent, Match} from './match.js';

export const MIN_RANK = 'min_rank';

export interface FusedOp {
  x: tf.Tensor;
  gamma?: tf.Tensor;
  beta?: tf.Tensor;
  extent: Extent;
  epsilon: number;
  count?: number;
  onePass: boolean;
  shape?: number[];
  minRank: number;
}

/** The node of a match. */
export function writeFusedOp(match: Match): NodeDef {
  const {op, root, x, gamma, beta, extent, epsilon, count, onePass, shape} = match;
  const inputs = [x, gamma, beta].filter((input) => input !== undefined);
  const attr: Record<string, AttrValue> = {
    has_gamma: {b: gamma !== undefined},
    epsilon: {f: epsilon},
  };
  if ('axes' in extent) attr.axes = intList(extent.axes);
  else if ('cols' in extent) attr.cols = {i: String(extent.cols)};
  else attr.begin_axis = {i: String(extent.beginAxis)};
  if (count !== undefined) {
    attr.count = {i: String(count)};
    attr.one_pass = {b: onePass === true};
  }
  if (shape) attr.shape = intList(shape);
  return {name: root.name, op, input: inputs, attr};
}

export function readFusedOp({inputs, attrs}: GraphNode): FusedOp {
  const [x, ...params] = inputs;
  return {
    x,
    gamma: attrs.has_gamma ? params.shift() : undefined,
    beta: params.shift(),
    extent: extentOf(attrs),
    epsilon: Number(attrs.epsilon),
    count: attrs.count === undefined ? undefined : Number(attrs.count),
    onePass: attrs.one_pass === true,
    shape: attrs.shape as number[] | undefined,
    minRank: Number(attrs[MIN_RANK] ?? 0),
  };
}

function extentOf(attrs: GraphNode['attrs']): Extent {
  if (attrs.axes) return {axes: attrs.axes as number[]};
  if (attrs.begin_axis !== undefined) return {beginAxis: Number(attrs.begin_axis)};
  return {cols: Number(attrs.cols)};
}

function intList(values: readonly number[]): AttrValue {
  return {list: {i: values.map(String)}};
}
