import {LAYER_NORM_OP, type Match, type Matcher} from '../match.js';
import {type Affine, isAdd, matchScaledPair, matchTwoPass, withBeta} from './pieces.js';

/**
 * Keras 3: as Keras 2, but the mean is negated before it is scaled.
 *
 *      x       Neg(Mean(x))   Mean(x)…Rsqrt  (see matchTwoPass)
 *      |             |        |
 *      |             |       Mul γ      = g; without γ: the Rsqrt
 *      |\            |\      / |
 *      | '---- Mul --+-'----'  |        x·g
 *      |        |    '-- Mul --'        −mean·g
 *      |        |         |
 *      |        |   β -- Add            β − mean·g
 *      |        |         |
 *      |        '-- Add --'             the result
 *
 * The optimiser likes to sum in another order:
 *
 *     Add(x·g, −mean·g), Add β                   the result
 *     AddN(x·g, −mean·g, residual), Add β        x·g becomes the result without β, −mean·g goes:
 *     AddN(result, residual), Add β              β stays, after the sum
 */
export const matchKeras3: Matcher = (rsqrt, graph) => {
  const moments = matchTwoPass(rsqrt, graph);
  const negated = moments && graph.users(moments.mean).find((user) => user.op === 'Neg');
  if (!moments || !negated) return undefined;
  const {x, axes, epsilon} = moments;
  const pair = matchScaledPair(rsqrt, graph, x, negated);
  if (!pair) return undefined;
  const {scale, scaledX, scaledMean, sum, end} = pair;

  const match = ({root, beta, inner}: Affine, shortened?: Match['shortened']): Match => ({
    pattern: 'keras3',
    op: LAYER_NORM_OP,
    root,
    inner: [...moments.inner, ...scale.inner, negated, scale.node, scaledX, scaledMean, ...inner],
    x,
    gamma: scale.gamma,
    beta,
    extent: {axes},
    epsilon,
    shortened,
  });

  if (sum === end) {
    const terms = graph.inputs(sum).length;
    if (terms === 2 && (isAdd(sum) || sum.op === 'AddN')) {
      return match(withBeta({root: sum, inner: []}, graph));
    }
    return sum.op === 'AddN' ? match({root: scaledX, inner: []}, sum) : undefined;
  }
  if (!isAdd(sum) || !isAdd(end) || graph.onlyUser(end) !== sum) return undefined;
  return match({root: sum, beta: graph.other(end, scaledMean), inner: [end]});
};
