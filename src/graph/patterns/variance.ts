/** The variance of a tensor, or its mean square, in the ways in which graphs compute it. */
import {isAdd, type NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';
import {type Average, sameAxes, Walk} from './average.js';
import {bounded, type InverseRoot} from './inverse_root.js';

/**
 *     x ------------------.           x -----.              x
 *     |                    \          |       \             |
 *    Mean    SquaredDifference       Mean     Sub         Square
 *                   |                          |            |
 *                   |                        Square         |
 *                   |                          |            |
 *                 Mean                       Mean         Mean          twoPass, twoPass, meanSquare
 *
 *      Square(x)        x
 *          |            |
 *        Mean         Mean
 *          |            |
 *          |         Square
 *           \          /
 *            '- Sub --'                                                 onePass
 *                |
 *            Maximum 0           if there is one
 *
 * Both means are over the same axes; `Average` says which ways there are to compute them. A variance in
 * one pass, E[x²] − E[x]², is less exact than the op's own.
 */
export interface Variance {
  kind: 'twoPass' | 'onePass' | 'meanSquare';
  x: string;
  /** Absent: it is a mean square. */
  mean?: NodeDef;
  axes: number[];
  /** The same as in `Average`. */
  count?: number;
  /** The nodes between x and the root, the mean among them. */
  inner: NodeDef[];
}

export function matchVariance(root: InverseRoot, graph: GraphIndex): Variance | undefined {
  const path: NodeDef[] = [];
  const walk = new Walk(graph);
  const above = walk.back(root.variance, path);
  const bound = bounded(above, graph);
  if (bound && !(bound.by <= 0)) return undefined;
  if (bound) walk.inner.push(bound.node);
  const variance = bound ? walk.back(bound.of, path) : above;
  if (variance?.op === 'Sub') return onePass(variance, path, walk, graph);
  if (!bound) return averageOfSquares(root.variance, graph);
  const found = path.length === 0 ? averageOfSquares(bound.of, graph) : undefined;
  return found && {...found, inner: [...walk.inner, ...found.inner]};
}

/** Whether the mean is one node, of x's rank, which may be used beside the variance as it is. */
export function isPlainTwoPass(variance: Variance): variance is Variance & {mean: NodeDef} {
  const {kind, mean, count} = variance;
  const keepsRank = mean?.attr?.keep_dims?.b === true || mean?.op === 'DivNoNan';
  return kind === 'twoPass' && count === undefined && keepsRank;
}

function averageOfSquares(variance: NodeDef, graph: GraphIndex): Variance | undefined {
  const walk = new Walk(graph);
  const average = walk.average(variance);
  const squares = average && graph.maker(average.of);
  if (!average || !squares) return undefined;
  const {axes, count} = average;
  if (squares.op === 'SquaredDifference') {
    const refs = graph.inputs(squares);
    walk.inner.push(squares);
    const about =
      centre(refs, average, walk, graph) ?? centre([...refs].reverse(), average, walk, graph);
    return about && {kind: 'twoPass', ...about, axes, count};
  }
  const of = walk.squareOf(squares);
  if (of === undefined) return undefined;
  const difference = graph.maker(of);
  const about = difference && centredBy(difference, graph);
  const centred = about && centre(about.refs, average, walk, graph);
  if (centred && difference) {
    return {
      kind: 'twoPass',
      ...centred,
      inner: [...centred.inner, difference, ...about.inner],
      axes,
      count,
    };
  }
  return {kind: 'meanSquare', x: of, axes, count, inner: walk.inner};
}

/** Whether the second tensor is the first one's mean over the same axes. */
function centre(
  [x, meanRef]: string[],
  {axes, count}: Average,
  walk: Walk,
  graph: GraphIndex,
): {x: string; mean: NodeDef; inner: NodeDef[]} | undefined {
  const way = new Walk(graph);
  const mean = way.average(graph.maker(meanRef));
  if (mean?.of !== x || !sameAxes(mean.axes, axes) || mean.count !== count) return undefined;
  return {x, mean: mean.node, inner: [...walk.inner, ...way.inner]};
}

/** x and what is taken from it: `Sub(x, m)` or `Add(x, Neg(m))`. */
export function centredBy(
  node: NodeDef,
  graph: GraphIndex,
): {refs: string[]; inner: NodeDef[]} | undefined {
  const refs = graph.inputs(node);
  if (node.op === 'Sub') return {refs, inner: []};
  if (!isAdd(node)) return undefined;
  const at = refs.findIndex((ref) => graph.maker(ref)?.op === 'Neg');
  const negated = graph.maker(refs[at]);
  return negated && {refs: [refs[1 - at], graph.inputs(negated)[0]], inner: [negated]};
}

function onePass(
  difference: NodeDef,
  path: NodeDef[],
  walk: Walk,
  graph: GraphIndex,
): Variance | undefined {
  walk.inner.push(difference);
  const meanOfSquares = walk.average(graph.inputNode(difference, 0), path);
  const pathOfMean = [...path];
  const squared = walk.squareOf(walk.back(graph.inputNode(difference, 1), pathOfMean));
  const mean = squared === undefined ? undefined : walk.average(graph.maker(squared), pathOfMean);
  const x = meanOfSquares && walk.squareOf(graph.maker(meanOfSquares.of));
  if (!mean || !meanOfSquares || x !== mean.of) return undefined;
  if (!sameAxes(mean.axes, meanOfSquares.axes) || mean.count !== meanOfSquares.count)
    return undefined;
  const {axes, count, node} = mean;
  return {kind: 'onePass', x, mean: node, axes, count, inner: walk.inner};
}
