import {type Matcher, RMS_SCALING_OP} from '../match.js';
import {matchInverseRoot} from './inverse_root.js';
import {matchProduct} from './pieces.js';
import {isPlainTwoPass, matchVariance} from './variance.js';

/**
 * Keras 3's `LayerNormalization(rms_scaling=True)`: the variance is taken about the mean, but x is
 * not centred.
 *
 *      x     variance, in two passes (see variance.ts)
 *      |        |
 *      |   1 / √(· + ε) (see inverse_root.ts)
 *      |        |
 *      '-- · ---'            the product of both, and γ if there is one, in any order
 *          |
 */
export const matchRmsScaling: Matcher = (node, graph) => {
  const root = matchInverseRoot(node, graph);
  const variance = root && matchVariance(root, graph);
  if (!root || !variance || !isPlainTwoPass(variance)) return undefined;
  const {x, axes} = variance;
  const product = matchProduct(root, graph, (ref) => ref === x);
  if (!product) return undefined;
  return {
    ...product,
    pattern: 'rmsScaling',
    op: RMS_SCALING_OP,
    inner: [...new Set([...variance.inner, ...product.inner])],
    x,
    extent: {axes},
    epsilon: root.epsilon,
  };
};
