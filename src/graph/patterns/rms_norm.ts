import type {NodeDef} from '../graph_def.js';
import {type Matcher, RMS_NORM_OP} from '../match.js';
import {Walk} from './average.js';
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
    const walk = new Walk(graph);
    const source = walk.back(graph.maker(zero));
    if (of !== x || graph.scalar(source?.name) !== 0) return false;
    centring.push(difference, ...walk.inner);
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
