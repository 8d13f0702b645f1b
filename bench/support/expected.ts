/** What a contender should give, by the float64 reference. */
import {backward, forward} from '../../src/reference.js';
import type {Data, Kind} from '../types.js';

/** The expected outputs: [y], or [dx, dgamma, dbeta]. */
export function expectedOutputs(
  {x, gamma, beta, dy}: Data,
  {cols, epsilon, kind}: {cols: number; epsilon: number; kind: Kind},
): Float64Array[] {
  const options = {cols, gamma, beta, epsilon, center: true};
  if (kind === 'forward') return [forward(x, options).y];
  const {dx, dgamma, dbeta} = backward(dy, x, options);
  return [dx, dgamma, dbeta];
}
