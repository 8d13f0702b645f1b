/** What the patterns have in common: 1 / √(variance + ε), the scale on it, and an offset after it. */
import type {NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';

const ADDS = new Set(['Add', 'AddV2']);

export function isAdd(node: NodeDef | undefined): boolean {
  return node !== undefined && ADDS.has(node.op);
}

export interface Rstd {
  /** What stands under the root beside epsilon. */
  variance: NodeDef;
  epsilon: number;
  /** The addition of epsilon. */
  sum: NodeDef;
}

/**
 *     variance   ε
 *            \  /
 *            Add
 *             |
 *           Rsqrt
 */
export function matchRstd(rsqrt: NodeDef, graph: GraphIndex): Rstd | undefined {
  if (rsqrt.op !== 'Rsqrt') return undefined;
  const sum = graph.inputNode(rsqrt, 0);
  if (!sum || !isAdd(sum)) return undefined;
  const inputs = graph.inputs(sum);
  const at = inputs.findIndex((ref) => graph.scalar(ref) !== undefined);
  if (at === -1 || inputs.length !== 2) return undefined;
  const variance = graph.maker(inputs[1 - at]);
  const epsilon = graph.scalar(inputs[at]);
  if (!variance || epsilon === undefined || !(epsilon >= 0)) return undefined;
  return {variance, epsilon, sum};
}

export interface Average {
  of: string;
  axes: number[];
}

/** Mean over constant axes, which stay as dimensions of size 1. */
export function matchMean(node: NodeDef | undefined, graph: GraphIndex): Average | undefined {
  if (node?.op !== 'Mean' || node.attr?.keep_dims?.b !== true) return undefined;
  const [of, axisRef] = graph.inputs(node);
  const axes = graph.constant(axisRef)?.values;
  return axes && axes.length > 0 ? {of, axes} : undefined;
}

/** Whether two lists name the same axes. An axis that one counts from the end is not recognised. */
export function sameAxes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis) => b.includes(axis));
}

export interface TwoPass extends Rstd {
  x: string;
  mean: NodeDef;
  axes: number[];
  /** The nodes between x and the root, the mean among them. */
  inner: NodeDef[];
}

/**
 *     x ----------.
 *     |            \
 *    Mean ---- SquaredDifference          (both Means over the same axes, keep_dims)
 *                  |
 *                 Mean   ε
 *                    \  /
 *                    Add
 *                     |
 *                   Rsqrt
 */
export function matchTwoPass(rsqrt: NodeDef, graph: GraphIndex): TwoPass | undefined {
  const rstd = matchRstd(rsqrt, graph);
  const variance = matchMean(rstd?.variance, graph);
  const difference = variance && graph.maker(variance.of);
  if (!rstd || !variance || difference?.op !== 'SquaredDifference') return undefined;
  const refs = graph.inputs(difference);
  for (const [x, meanRef] of [refs, [...refs].reverse()]) {
    const mean = graph.maker(meanRef);
    const average = matchMean(mean, graph);
    if (!mean || average?.of !== x || !sameAxes(average.axes, variance.axes)) continue;
    const inner = [mean, difference, rstd.variance, rstd.sum];
    return {...rstd, x, mean, axes: variance.axes, inner};
  }
  return undefined;
}

export interface Scale {
  /** rstd, or rstd·γ */
  node: NodeDef;
  gamma?: string;
  /** `[rsqrt]` where `node` is another. */
  inner: NodeDef[];
}

/**
 * The scale on rstd, if it has one: `Mul(rsqrt, γ)`, where γ is not x, with which a pattern without
 * scale multiplies rstd.
 */
export function matchScale(rsqrt: NodeDef, graph: GraphIndex, x: string): Scale {
  const user = graph.onlyUser(rsqrt);
  const gamma = user?.op === 'Mul' ? graph.other(user, rsqrt) : undefined;
  if (!user || gamma === undefined || gamma === x) return {node: rsqrt, inner: []};
  return {node: user, gamma, inner: [rsqrt]};
}

export interface ScaledPair {
  scale: Scale;
  /** `Mul(x, scale)` and `Mul(mean, scale)`. */
  scaledX: NodeDef;
  scaledMean: NodeDef;
  /** The only users of these two. */
  sum: NodeDef;
  end: NodeDef;
}

/**
 * What the scaled rstd is multiplied with in the patterns of Keras: x, and the mean or its negation.
 *
 *      x    scale    mean
 *       \   /   \   /
 *        Mul     Mul
 *         |       |
 *        sum     end          often the same node
 */
export function matchScaledPair(
  rsqrt: NodeDef,
  graph: GraphIndex,
  x: string,
  mean: NodeDef,
): ScaledPair | undefined {
  const scale = matchScale(rsqrt, graph, x);
  const uses = graph.users(scale.node);
  if (uses.length !== 2 || uses.some((use) => use.op !== 'Mul')) return undefined;
  const scaled = (node: NodeDef) => graph.other(node, scale.node) ?? '';
  const scaledX = uses.find((use) => scaled(use) === x);
  const scaledMean = uses.find((use) => graph.maker(scaled(use)) === mean);
  const sum = scaledX && graph.onlyUser(scaledX);
  const end = scaledMean && graph.onlyUser(scaledMean);
  return sum && end && {scale, scaledX, scaledMean, sum, end};
}

export interface Affine {
  root: NodeDef;
  gamma?: string;
  beta?: string;
  inner: NodeDef[];
}

/** A constant that scales `root` alone: `Mul(root, γ)`. */
export function withGamma({root, inner, ...rest}: Affine, graph: GraphIndex): Affine {
  const user = graph.onlyUser(root);
  const gamma = user?.op === 'Mul' ? graph.other(user, root) : undefined;
  if (!user || !graph.constantShape(gamma)) return {root, inner, ...rest};
  return {...rest, root: user, gamma, inner: [...inner, root]};
}

/**
 * x times the scaled rstd, in which the patterns without centring end.
 *
 *      x     scale
 *       \   /
 *        Mul
 *         |
 *        Mul γ          here where the scale has none, or nowhere
 */
export function matchScaledX(rsqrt: NodeDef, graph: GraphIndex, x: string): Affine | undefined {
  const {node, gamma, inner} = matchScale(rsqrt, graph, x);
  const root = graph.onlyUser(node);
  if (root?.op !== 'Mul' || graph.other(root, node) !== x) return undefined;
  const product = {root, gamma, inner: [...inner, node]};
  return gamma === undefined ? withGamma(product, graph) : product;
}

/** A constant that is added to `root` alone: `Add(root, β)`, `BiasAdd(root, β)`. */
export function withBeta({root, inner, ...rest}: Affine, graph: GraphIndex): Affine {
  const user = graph.onlyUser(root);
  const adds = isAdd(user) || (user?.op === 'BiasAdd' && !isChannelsFirst(user));
  const beta = user && adds ? graph.other(user, root) : undefined;
  if (!user || !graph.constantShape(beta)) return {root, inner, ...rest};
  return {...rest, root: user, beta, inner: [...inner, root]};
}

/** data_format NCHW, in Base64. */
export function isChannelsFirst(node: NodeDef): boolean {
  return node.attr?.data_format?.s === 'TkNIVw==';
}
