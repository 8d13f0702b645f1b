/** What the patterns have in common: the scale on 1 / √(variance + ε), and an offset after it. */
import {isAdd, isQuotient, type NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';
import type {InverseRoot} from './inverse_root.js';

/** A value on its way to the result: a node, by which the next one multiplies or divides. */
export interface Factor {
  node: NodeDef;
  divides: boolean;
}

/** What `user` multiplies by the factor. Absent: it does something else. */
export function multipliedWith(
  user: NodeDef | undefined,
  {node, divides}: Factor,
  graph: GraphIndex,
): string | undefined {
  if (!user) return undefined;
  if (!divides) return user.op === 'Mul' ? graph.other(user, node) : undefined;
  if (!isQuotient(user) || graph.inputNode(user, 1) !== node) return undefined;
  const divided = graph.other(user, node);
  return graph.scalar(divided) === 1 ? undefined : divided; // 1 / √· is an inverse root of its own
}

export interface Scale extends Factor {
  gamma?: string;
  /** The nodes before `node`. */
  inner: NodeDef[];
}

/**
 * The scale on the inverse root, if it has one: `Mul(root, γ)`, where γ is none of the tensors with
 * which a pattern without scale multiplies the root.
 */
export function matchScale(
  root: InverseRoot,
  graph: GraphIndex,
  not: (ref: string) => boolean,
): Scale {
  const {node, divides, inner} = root;
  const user = graph.onlyUser(node);
  const gamma = multipliedWith(user, root, graph);
  if (!user || gamma === undefined || not(gamma)) return {node, divides, inner};
  return {node: user, divides: false, gamma, inner};
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
  root: InverseRoot,
  graph: GraphIndex,
  x: string,
  mean: NodeDef,
): ScaledPair | undefined {
  const scale = matchScale(root, graph, (ref) => ref === x);
  const uses = graph.users(scale.node);
  const scaled = (node: NodeDef) => multipliedWith(node, scale, graph);
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
 * The product of the inverse root with a tensor and perhaps γ, in any order.
 *
 *     root  γ    tensor        root  tensor      tensor  γ    root
 *        \ /      /               \ /                 \ /      /
 *        Mul     /                Mul    γ            Mul     /
 *           \   /                    \  /                \   /
 *            Mul                      Mul                 Mul        or RealDiv by the root
 *
 * @param isTensor Whether a reference is to the tensor.
 */
export function matchProduct(
  root: InverseRoot,
  graph: GraphIndex,
  isTensor: (ref: string) => boolean,
): Affine | undefined {
  const scale = matchScale(
    root,
    graph,
    (ref) => isTensor(ref) || isScaled(ref, graph, isTensor) !== undefined,
  );
  const product = graph.onlyUser(scale.node);
  const other = multipliedWith(product, scale, graph);
  if (!product || other === undefined) return undefined;
  const inner = [...scale.inner, scale.node];
  if (isTensor(other)) {
    const affine = {root: product, gamma: scale.gamma, inner};
    return scale.gamma === undefined ? withGamma(affine, graph) : affine;
  }
  const scaled = graph.maker(other);
  const gamma = isScaled(other, graph, isTensor);
  if (!scaled || gamma === undefined || scale.gamma !== undefined) return undefined;
  return {root: product, gamma, inner: [...inner, scaled]};
}

/** γ of `Mul(tensor, γ)`. */
function isScaled(
  ref: string,
  graph: GraphIndex,
  isTensor: (ref: string) => boolean,
): string | undefined {
  const node = graph.maker(ref);
  if (node?.op !== 'Mul') return undefined;
  const inputs = graph.inputs(node);
  return inputs[1 - inputs.findIndex(isTensor)]; // Where neither is the tensor, this is inputs[2]: nothing.
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

/** Whether a row that a graph takes to have `count` elements has as many as gamma, where that is known. */
export function fitsGamma(
  count: number | undefined,
  gamma: string | undefined,
  graph: GraphIndex,
): boolean {
  const cols = graph.constantShape(gamma)?.reduce((size, n) => size * n, 1);
  return count === undefined || cols === undefined || count === cols;
}
