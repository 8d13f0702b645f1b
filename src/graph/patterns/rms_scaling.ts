import {type Matcher, RMS_SCALING_OP} from '../match.js';
import {matchScaledX, matchTwoPass} from './pieces.js';

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
  const product = matchScaledX(rsqrt, graph, x);
  if (!product) return undefined;
  return {
    ...product,
    pattern: 'rmsScaling',
    op: RMS_SCALING_OP,
    inner: [...moments.inner, ...product.inner],
    x,
    extent: {axes},
    epsilon,
  };
};
