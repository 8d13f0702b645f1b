import type {NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';
import {LAYER_NORM_OP, type Matcher} from '../match.js';
import {matchRstd, matchScale, sameAxes, withBeta} from './pieces.js';

/**
 * Flax through jax2tf: the variance in one pass, E[x²] − E[x]².
 *
 *      x --------------.
 *      |                \
 *    Square              |
 *      |                 |
 *     Sum · 1/n       Sum · 1/n          over the same axes; or Mean
 *      |                 |
 *      |               Square
 *       \               /
 *        '---- Sub ----'
 *               |
 *           Maximum 0                    if there is one
 *               |
 *      x       Add ε
 *      |        |
 *     Sub mean Rsqrt
 *      |        |
 *      |       Mul γ                     if there is one
 *      |        |
 *      '- Mul --'
 *          |
 *         Add β                          if there is one
 *
 * Where the sums drop their dimensions, a Reshape brings them back as 1s, once on each way to x's
 * own dimensions; BroadcastTo may stand between any two. That n is the length of a row is known from γ: without γ there is no match.
 * The op's own variance is the more exact one.
 */
export const matchOnePass: Matcher = (rsqrt, graph) => {
  if (rsqrt.op !== 'Rsqrt') return undefined;
  const walk = new Walk(graph);
  const rstd = matchRstd(rsqrt, graph);
  if (!rstd) return undefined;

  const path: NodeDef[] = [];
  let difference = walk.back(rstd.variance, path);
  if (difference?.op === 'Maximum') {
    const inputs = graph.inputs(difference);
    const zero = inputs.find((ref) => graph.scalar(ref) === 0);
    const at = inputs.find((ref) => ref !== zero);
    if (zero === undefined || at === undefined) return undefined;
    walk.inner.push(difference);
    difference = walk.back(graph.maker(at), path);
  }
  if (difference?.op !== 'Sub') return undefined;
  walk.inner.push(difference, rstd.sum);

  const meanOfSquares = walk.average(graph.inputNode(difference, 0), path);
  const mean = walk.averageSquared(graph.inputNode(difference, 1), path);
  const squares = meanOfSquares && walk.squareOf(graph.maker(meanOfSquares.of));
  if (!mean || !meanOfSquares || squares !== mean.of) return undefined;
  if (!sameAxes(mean.axes, meanOfSquares.axes)) return undefined;
  const x = mean.of;

  const scale = matchScale(rsqrt, graph, '');
  const product = graph.onlyUser(scale.node);
  const centredRef = product?.op === 'Mul' ? graph.other(product, scale.node) : undefined;
  const centred = graph.maker(centredRef);
  if (!product || centred?.op !== 'Sub' || graph.inputs(centred)[0] !== x) return undefined;
  if (walk.average(graph.inputNode(centred, 1), [])?.node !== mean.node) return undefined;

  const gamma = scale.gamma;
  const cols = graph.constantShape(gamma)?.reduce((size, n) => size * n, 1);
  const isMean = ({reciprocal}: AverageOf) =>
    reciprocal === undefined || (cols !== undefined && Math.abs(reciprocal * cols - 1) < 1e-5);
  if (!isMean(mean) || !isMean(meanOfSquares)) return undefined;

  const {root, beta, inner} = withBeta({root: product, inner: []}, graph);
  return {
    pattern: 'onePass',
    op: LAYER_NORM_OP,
    root,
    inner: [...new Set([...walk.inner, ...scale.inner, scale.node, centred, ...inner])],
    x,
    gamma,
    beta,
    extent: {axes: mean.axes},
    epsilon: rstd.epsilon,
  };
};

interface AverageOf {
  /** The sum, or the mean. */
  node: NodeDef;
  of: string;
  axes: number[];
  /** What the sum is multiplied by. Absent: a mean. */
  reciprocal?: number;
}

/** Goes from a result back to what it is made of, and remembers the nodes on its way. */
class Walk {
  readonly inner: NodeDef[] = [];

  constructor(private readonly graph: GraphIndex) {}

  /** Through nodes that only give a tensor its dimensions; they are added to the path. */
  back(from: NodeDef | undefined, path: NodeDef[]): NodeDef | undefined {
    let node = from;
    const passed = new Set<NodeDef>();
    while (node?.op === 'BroadcastTo' || node?.op === 'Reshape') {
      if (passed.has(node)) return undefined; // a circle
      passed.add(node);
      node = this.graph.inputNode(node, 0);
    }
    this.inner.push(...passed);
    path.push(...passed);
    return node;
  }

  /** The tensor whose square a node is. */
  squareOf(node: NodeDef | undefined): string | undefined {
    if (!node) return undefined;
    const [of, again] = this.graph.inputs(node);
    if (!(node.op === 'Square' || (node.op === 'Mul' && of === again))) return undefined;
    this.inner.push(node);
    return of;
  }

  averageSquared(from: NodeDef | undefined, before: readonly NodeDef[]): AverageOf | undefined {
    const path = [...before];
    const of = this.squareOf(this.back(from, path));
    return of === undefined ? undefined : this.average(this.graph.maker(of), path);
  }

  /** @param before The nodes already passed, from where the dimensions of x are needed. */
  average(from: NodeDef | undefined, before: readonly NodeDef[]): AverageOf | undefined {
    const path = [...before];
    const node = this.back(from, path);
    if (node?.op === 'Mean') return this.reduction(node, path);
    if (node?.op !== 'Mul' && node?.op !== 'RealDiv') return undefined;
    const inputs = this.graph.inputs(node);
    const factors = inputs.map((ref) => this.graph.scalar(this.unbroadcast(ref)));
    const at = factors.findIndex((factor) => factor !== undefined);
    const factor = factors[at];
    if (factor === undefined || inputs.length !== 2 || (node.op === 'RealDiv' && at !== 1)) return;
    this.inner.push(node);
    const sum = this.back(this.graph.maker(inputs[1 - at]), path);
    if (sum?.op !== 'Sum') return undefined;
    const found = this.reduction(sum, path);
    return found && {...found, reciprocal: node.op === 'Mul' ? factor : 1 / factor};
  }

  private unbroadcast(ref: string): string {
    const node = this.graph.maker(ref);
    return node?.op === 'BroadcastTo' ? this.graph.inputs(node)[0] : ref;
  }

  /** A reduction whose dimensions stay, or come back on the path from it. */
  private reduction(node: NodeDef, path: NodeDef[]): AverageOf | undefined {
    const [of, axisRef] = this.graph.inputs(node);
    const axes = this.graph.constant(axisRef)?.values;
    if (!axes || axes.length === 0) return undefined;
    const keeps = node.attr?.keep_dims?.b === true;
    const reshapes = path.filter(({op}) => op === 'Reshape');
    if (keeps ? reshapes.length > 0 : reshapes.length !== 1) return undefined;
    if (!keeps && !this.bringsBack(reshapes[0], axes)) return undefined;
    this.inner.push(node);
    return {node, of, axes};
  }

  /** Whether a Reshape's shape has a 1 for each axis. */
  private bringsBack(reshape: NodeDef, axes: number[]): boolean {
    const shapeRef = this.graph.inputs(reshape)[1];
    const pack = this.graph.maker(shapeRef);
    const shape =
      pack?.op === 'Pack'
        ? this.graph.inputs(pack).map((ref) => this.graph.scalar(ref))
        : this.graph.constant(shapeRef)?.values;
    if (!shape) return false;
    return axes.every((axis) => shape[axis < 0 ? axis + shape.length : axis] === 1);
  }
}
