/** What a contender should give, by the float64 reference. */
import {backward, forward} from '../../src/reference.ts';

/**
 * The expected outputs: [y], or [dx, dgamma, dbeta].
 *
 * @param {{x: Float32Array, gamma: Float32Array, beta: Float32Array, dy: Float32Array}} data
 */
export function expectedOutputs({x, gamma, beta, dy}, {cols, epsilon, kind}) {
  const options = {cols, gamma, beta, epsilon, center: true};
  if (kind === 'forward') return [forward(x, options).y];
  const {dx, dgamma, dbeta} = backward(dy, x, options);
  return [dx, dgamma, dbeta];
}
