/** How far a result is from the float64 reference. */
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

/**
 * The largest error over all outputs, each relative to the largest expected magnitude of its row
 * (dγ and dβ are one row). NaN where an output has a NaN.
 */
export function largestError(outputs, expected, cols) {
  let largest = 0;
  for (const [i, values] of expected.entries()) {
    if (outputs[i].length !== values.length) {
      throw new Error(`Output ${i} has ${outputs[i].length} numbers, not ${values.length}.`);
    }
    for (let start = 0; start < values.length; start += cols) {
      const error = rowError(outputs[i], values, start, start + cols);
      if (Number.isNaN(error)) return Number.NaN;
      largest = Math.max(largest, error);
    }
  }
  return largest;
}

function rowError(actual, expected, start, end) {
  let magnitude = 0;
  let error = 0;
  for (let i = start; i < end; i++) {
    if (Number.isNaN(actual[i])) return Number.NaN;
    magnitude = Math.max(magnitude, Math.abs(expected[i]));
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
  }
  return magnitude === 0 ? error : error / magnitude;
}
