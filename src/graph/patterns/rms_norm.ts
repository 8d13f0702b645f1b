import {type Matcher, RMS_NORM_OP} from '../match.js';
import {matchMean, matchRstd, matchScale, withGamma} from './pieces.js';

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

  const scale = matchScale(rsqrt, graph, x);
  const product = graph.onlyUser(scale.node);
  if (product?.op !== 'Mul' || graph.other(product, scale.node) !== x) return undefined;
  const plain = {root: product, gamma: scale.gamma, inner: []};
  const {root, gamma, inner} = scale.gamma === undefined ? withGamma(plain, graph) : plain;
  return {
    pattern: 'rmsNorm',
    op: RMS_NORM_OP,
    root,
    inner: [square, rstd.variance, rstd.sum, ...scale.inner, scale.node, ...inner],
    x,
    gamma,
    extent: {axes: meanSquare.axes},
    epsilon: rstd.epsilon,
  };
};
