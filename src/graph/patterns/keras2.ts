import {isAdd} from '../graph_def.js';
import {LAYER_NORM_OP, type Match, type Matcher} from '../match.js';
import {matchInverseRoot} from './inverse_root.js';
import {type Affine, matchScaledPair, withBeta} from './pieces.js';
import {isPlainTwoPass, matchVariance} from './variance.js';

/**
 * Keras 2 where it takes no fused kernel: other axes than the last ones, or a small ε.
 *
 *      x          Mean(x)   1 / √(variance + ε)
 *      |             |        |
 *      |             |       Mul γ      = g; without γ: the root itself
 *      |\            |\      / |
 *      | '---- Mul --+-'----'  |        x·g
 *      |        |    '-- Mul --'        mean·g
 *      |        |         |
 *      |        |   β -- Sub            β − mean·g
 *      |        |         |
 *      |        '-- Add --'             the result
 *
 * Without β the end is `Sub(x·g, mean·g)` or `Add(x·g, Neg(mean·g))`; the optimiser may leave β
 * after it.
 */
export const matchKeras2: Matcher = (node, graph) => {
  const root = matchInverseRoot(node, graph);
  const moments = root && matchVariance(root, graph);
  if (!root || !moments || !isPlainTwoPass(moments)) return undefined;
  const {x, mean, axes} = moments;
  const pair = matchScaledPair(root, graph, x, mean);
  if (!pair) return undefined;
  const {scale, scaledX, scaledMean, sum, end} = pair;

  const match = ({inner, ...affine}: Affine): Match => ({
    pattern: 'keras2',
    op: LAYER_NORM_OP,
    ...affine,
    inner: [...moments.inner, ...scale.inner, scale.node, scaledX, scaledMean, ...inner],
    x,
    gamma: scale.gamma,
    extent: {axes},
    epsilon: root.epsilon,
  });

  if (sum === end) {
    const inOrder = graph.inputNode(sum, 0) === scaledX;
    return sum.op === 'Sub' && inOrder ? match(withBeta({root: sum, inner: []}, graph)) : undefined;
  }
  if (!isAdd(sum) || graph.onlyUser(end) !== sum) return undefined;
  if (end.op === 'Neg') return match(withBeta({root: sum, inner: [end]}, graph));
  const isBetaMinusMean = end.op === 'Sub' && graph.inputNode(end, 1) === scaledMean;
  return isBetaMinusMean ? match({root: sum, beta: graph.inputs(end)[0], inner: [end]}) : undefined;
};
