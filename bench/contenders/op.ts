/** The ops of this package, without a layer round them. */
import type {Contender} from '../types.js';
import {tfjsWork} from './tfjs.js';

export const op: Contender = {
  name: 'op',
  label: 'tfjs-layernorm, op',
  kinds: ['forward', 'backward', 'sum'],
  create(context) {
    const {tf} = context;
    const {addLayerNorm, layerNorm} = context.library;
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
        const run = {
          forward: () => [forward()],
          backward: gradient,
          sum: () => addLayerNorm(x, dy, {gamma, beta, epsilon}),
        }[kind];
        return tfjsWork(context, [x, dy, gamma, beta], run);
      },
    };
  },
};

/** The addition of tfjs and our op, one after the other: what `addLayerNorm` is to be faster than. */
export const addThenOp: Contender = {
  name: 'add, op',
  label: 'tf.add, then layerNorm',
  kinds: ['sum'],
  create(context) {
    const {tf} = context;
    const {layerNorm} = context.library;
    return {
      prepare({shape, data, epsilon}) {
        const cols = shape.slice(-1);
        const [x, residual] = [data.x, data.dy].map((values) => tf.tensor(values, shape));
        const [gamma, beta] = [data.gamma, data.beta].map((values) => tf.tensor(values, cols));
        return tfjsWork(context, [x, residual, gamma, beta], () => {
          const sum = tf.add(x, residual);
          return [layerNorm(sum, {gamma, beta, epsilon}), sum];
        });
      },
    };
  },
};
