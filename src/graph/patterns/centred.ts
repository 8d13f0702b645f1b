import type {NodeDef} from '../graph_def.js';
import {LAYER_NORM_OP, type Matcher} from '../match.js';
import {Walk} from './average.js';
import {matchInverseRoot} from './inverse_root.js';
import {fitsGamma, matchProduct, withBeta} from './pieces.js';
import {centredBy, matchVariance} from './variance.js';

/**
 * Centred first, then scaled: OpenAI's GPT-2, tensor2tensor, Haiku, keras-bert, what ONNX's operator is
 * decomposed into; and with the variance in one pass Flax, through jax2tf.
 *
 *      x     Mean(x)
 *       \     /            variance (see variance.ts)
 *        \   /                |
 *         Sub            1 / √(· + ε) (see inverse_root.ts)
 *          |                  |
 *          '------ · ---------'     the product of both, and γ if there is one, in any order
 *                  |
 *                 Add β             if there is one
 */
export const matchCentred: Matcher = (node, graph) => {
  const root = matchInverseRoot(node, graph);
  const variance = root && matchVariance(root, graph);
  if (!root || !variance?.mean) return undefined;
  const {kind, x, mean, axes, count} = variance;

  const centring: NodeDef[] = [];
  const isCentred = (ref: string): boolean => {
    const difference = graph.maker(ref);
    const about = difference && centredBy(difference, graph);
    if (!about || about.refs[0] !== x) return false;
    const walk = new Walk(graph);
    const taken = walk.average(graph.maker(about.refs[1]));
    if (taken?.node !== mean || taken.count !== count) return false;
    centring.push(difference, ...about.inner, ...walk.inner);
    return true;
  };
  const product = matchProduct(root, graph, isCentred);
  if (!product || !fitsGamma(count, product.gamma, graph)) return undefined;
  const {inner, ...affine} = withBeta(product, graph);
  return {
    pattern: kind === 'onePass' ? 'onePass' : 'centred',
    op: LAYER_NORM_OP,
    ...affine,
    inner: [...new Set([...variance.inner, ...centring, ...inner])],
    x,
    extent: {axes},
    count,
    onePass: kind === 'onePass',
    epsilon: root.epsilon,
  };
};
