import {type Matcher, RMS_SCALING_OP} from '../match.js';
import {matchScale, matchTwoPass, withGamma} from './pieces.js';

/**
 * Keras 3's `LayerNormalization(rms_scaling=True)`: the variance is taken about the mean, but x is
 * not centred.
 *
 *      x     Mean(x)…Rsqrt  (see matchTwoPass)
 *      |        |
 *      |       Mul γ         here, or after the product, or nowhere
 *      |        |
 *      '- Mul --'
 *          |
 */
export const matchRmsScaling: Matcher = (rsqrt, graph) => {
  const moments = matchTwoPass(rsqrt, graph);
  if (!moments) return undefined;
  const {x, axes, epsilon} = moments;
  const scale = matchScale(rsqrt, graph, x);
  const product = graph.onlyUser(scale.node);
  if (product?.op !== 'Mul' || graph.other(product, scale.node) !== x) return undefined;
  const plain = {root: product, gamma: scale.gamma, inner: []};
  const {root, gamma, inner} = scale.gamma === undefined ? withGamma(plain, graph) : plain;
  return {
    pattern: 'rmsScaling',
    op: RMS_SCALING_OP,
    root,
    inner: [...moments.inner, ...scale.inner, scale.node, ...inner],
    x,
    gamma,
    extent: {axes},
    epsilon,
  };
};
