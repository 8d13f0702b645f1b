import type {NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';
import {type Matcher, RMS_NORM_OP} from '../match.js';
import {matchInverseRoot} from './inverse_root.js';
import {fitsGamma, matchProduct} from './pieces.js';
import {matchVariance} from './variance.js';

/**
 * RMS normalisation.
 *
 *      x --------.
 *      |          \
 *    Square        |         or Mul(x, x)
 *      |           |
 *     Mean         |         see average.ts
 *      |           |
 *  1 / √(· + ε)    |         see inverse_root.ts
 *      |           |
 *      '---- · ----'         the product of both, and γ if there is one, in any order
 *            |
 *
 * Flax's RMSNorm has a Sub of zero on x's way to the product.
 */
export const matchRmsNorm: Matcher = (node, graph) => {
  const root = matchInverseRoot(node, graph);
  const variance = root && matchVariance(root, graph);
  if (!root || variance?.kind !== 'meanSquare') return undefined;
  const {x, axes, count} = variance;

  const centring: NodeDef[] = [];
  const isX = (ref: string): boolean => {
    if (ref === x) return true;
    const difference = graph.maker(ref);
    if (difference?.op !== 'Sub') return false;
    const [of, zero] = graph.inputs(difference);
    const zeros = of === x ? nodesOfZero(zero, graph) : undefined;
    if (!zeros) return false;
    centring.push(difference, ...zeros);
    return true;
  };
  const product = matchProduct(root, graph, isX);
  if (!product || !fitsGamma(count, product.gamma, graph)) return undefined;
  return {
    ...product,
    pattern: 'rmsNorm',
    op: RMS_NORM_OP,
    inner: [...new Set([...variance.inner, ...centring, ...product.inner])],
    x,
    extent: {axes},
    count,
    epsilon: root.epsilon,
  };
};

/** The nodes that give a constant of zeros its dimensions. Absent: it is something else. */
function nodesOfZero(ref: string, graph: GraphIndex): NodeDef[] | undefined {
  const nodes: NodeDef[] = [];
  let source = ref;
  for (let node = graph.maker(ref); node && node.op !== 'Const'; node = graph.maker(source)) {
    if (!(node.op === 'BroadcastTo' || node.op === 'Reshape') || nodes.includes(node))
      return undefined;
    nodes.push(node);
    source = graph.inputs(node)[0];
  }
  return graph.scalar(source) === 0 ? nodes : undefined;
}
