/** The activations that tfjs has by name. */
import {inVersion, type KerasVersion} from './version.js';

const ACTIVATIONS = new Set([
  ...['elu', 'gelu', 'gelu_new', 'hard_sigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu'],
  ...['sigmoid', 'softmax', 'softplus', 'softsign', 'swish', 'tanh'],
]);

/**
 * The name that tfjs has for an activation.
 *
 * @throws Error tfjs has none.
 */
export function activationName(name: string, version: KerasVersion): string {
  if (name === 'silu') return 'swish';
  if (name === 'hard_sigmoid' && inVersion({'2.0': false, '3.0': true}, version)) {
    throw new Error("Keras 3's hard_sigmoid, relu6(x + 3) / 6, is another than tfjs's.");
  }
  if (ACTIVATIONS.has(name)) return name;
  throw new Error(`tfjs has no activation "${name}".`);
}
