/** The op of this package, without a layer round it. */
import type {Contender} from '../types.js';
import {tfjsWork} from './tfjs.js';

export const op: Contender = {
  name: 'op',
  label: 'tfjs-layernorm, op',
  kinds: ['forward', 'backward'],
  create(context) {
    const {tf} = context;
    const {layerNorm} = context.library;
    return {
      prepare({shape, data, kind, epsilon}) {
        const cols = shape.slice(-1);
        const x = tf.tensor(data.x, shape);
        const dy = tf.tensor(data.dy, shape);
        const gamma = tf.tensor(data.gamma, cols);
        const beta = tf.tensor(data.beta, cols);
        const forward = () => layerNorm(x, {gamma, beta, epsilon});
        const gradient = () =>
          tf.tidy(() => tf.engine().gradients(forward, [x, gamma, beta], dy).grads);
        const run = kind === 'forward' ? () => [forward()] : gradient;
        return tfjsWork(context, [x, dy, gamma, beta], run);
      },
    };
  },
};
