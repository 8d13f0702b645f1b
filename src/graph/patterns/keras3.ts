import {isAdd} from '../graph_def.js';
import {LAYER_NORM_OP, type Match, type Matcher} from '../match.js';
import {matchInverseRoot} from './inverse_root.js';
import {type Affine, matchScaledPair, withBeta} from './pieces.js';
import {isPlainTwoPass, matchVariance} from './variance.js';

/**
 * Keras 3: as Keras 2, but the mean is negated before it is scaled.
 *
 *      x       Neg(Mean(x))   1 / √(variance + ε)
 *      |             |        |
 *      |             |       Mul γ      = g; without γ: the root itself
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
export const matchKeras3: Matcher = (node, graph) => {
  const root = matchInverseRoot(node, graph);
  const moments = root && matchVariance(root, graph);
  if (!root || !moments || !isPlainTwoPass(moments)) return undefined;
  const negated = graph.users(moments.mean).find((user) => user.op === 'Neg');
  if (!negated) return undefined;
  const {x, axes} = moments;
  const pair = matchScaledPair(root, graph, x, negated);
  if (!pair) return undefined;
  const {scale, scaledX, scaledMean, sum, end} = pair;

  const match = ({inner, ...affine}: Affine, shortened?: Match['shortened']): Match => ({
    pattern: 'keras3',
    op: LAYER_NORM_OP,
    ...affine,
    inner: [...moments.inner, ...scale.inner, negated, scale.node, scaledX, scaledMean, ...inner],
    x,
    gamma: scale.gamma,
    extent: {axes},
    epsilon: root.epsilon,
    shortened,
  });

  if (sum === end) {
    const terms = graph.inputs(sum).length;
    if (terms === 2 && (isAdd(sum) || sum.op === 'AddN')) {
      return match(withBeta({root: sum, inner: []}, graph));
    }
    return sum.op === 'AddN'
      ? match({root: scaledX, inner: []}, {sum, term: scaledMean})
      : undefined;
  }
  if (!isAdd(sum) || !isAdd(end) || graph.onlyUser(end) !== sum) return undefined;
  return match({root: sum, beta: graph.other(end, scaledMean), inner: [end]});
};
