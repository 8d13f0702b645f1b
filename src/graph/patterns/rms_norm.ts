import {type Matcher, RMS_NORM_OP} from '../match.js';
import {matchMean, matchRstd, matchScaledX} from './pieces.js';

/**
 * RMS normalisation.
 *
 *      x --------.
 *      |          \
 *    Square        |         or Mul(x, x)
 *      |           |
 *     Mean   ε     |         keep_dims
 *        \  /      |
 *        Add       |
 *         |        |
 *       Rsqrt      |
 *         |        |
 *        Mul γ ----+----     here, or
 *         |        |
 *         '- Mul --'
 *             |
 *            Mul γ           here, or nowhere
 */
export const matchRmsNorm: Matcher = (rsqrt, graph) => {
  const rstd = matchRstd(rsqrt, graph);
  const meanSquare = matchMean(rstd?.variance, graph);
  const square = meanSquare && graph.maker(meanSquare.of);
  if (!rstd || !square) return undefined;
  const [x, again = x] = graph.inputs(square);
  if (!(square.op === 'Square' || (square.op === 'Mul' && again === x))) return undefined;

  const product = matchScaledX(rsqrt, graph, x);
  if (!product) return undefined;
  return {
    ...product,
    pattern: 'rmsNorm',
    op: RMS_NORM_OP,
    inner: [square, rstd.variance, rstd.sum, ...product.inner],
    x,
    extent: {axes: meanSquare.axes},
    epsilon: rstd.epsilon,
  };
};
