/**
 * The layer of this package and tfjs's built-in one, called in the same way: `layer.apply(x)`, and
 * the gradient with respect to x, γ and β by way of tfjs's tape.
 */
import type {layers, Tensor, Variable} from '@tensorflow/tfjs';
import type {Contender, Context, Made} from '../types.js';
import {tfjsWork} from './tfjs.js';

type Layer = layers.Layer;
export type CreateLayer = (config?: {epsilon?: number}) => Layer;

export const ours: Contender = {
  name: 'layer',
  label: 'tfjs-layernorm, layer',
  kinds: ['forward', 'backward', 'sum'],
  create: (context) => {
    const {addLayerNormalization, layerNormalization} = context.library;
    return layerContender(context, layerNormalization, addLayerNormalization);
  },
};

export const builtIn: Contender = {
  name: 'built-in',
  label: 'tf.layers.layerNormalization',
  peer: 'built-in',
  growth: true, // the cost of its gradient, on long rows, is the square of the row's length
  kinds: ['forward', 'backward', 'sum'],
  create: (context) => layerContender(context, context.tf.layers.layerNormalization),
};

/** @param createAdding makes the layer that adds as well; without it, tfjs adds before. */
function layerContender(
  context: Context,
  createLayer: CreateLayer,
  createAdding?: CreateLayer,
): Made {
  const {tf} = context;
  return {
    prepare({shape, data, kind, epsilon}) {
      const isAdding = kind === 'sum' && createAdding !== undefined;
      const layer = (isAdding ? createAdding : createLayer)({epsilon});
      layer.build(isAdding ? [shape, shape] : shape);
      const cols = shape.slice(-1);
      tf.tidy(() => layer.setWeights([tf.tensor(data.gamma, cols), tf.tensor(data.beta, cols)]));
      const [gamma, beta] = layer.trainableWeights.map(variableOf);
      const x = tf.tensor(data.x, shape);
      const dy = tf.tensor(data.dy, shape);
      const forward = () => [tf.tidy(() => layer.apply(x) as Tensor)];
      const backward = () =>
        tf.tidy(
          () => tf.engine().gradients(() => layer.apply(x) as Tensor, [x, gamma, beta], dy).grads,
        );
      const addThenApply = () =>
        tf.tidy(() => {
          const sum = tf.add(x, dy);
          return [layer.apply(sum) as Tensor, sum];
        });
      const sum = isAdding ? () => tf.tidy(() => layer.apply([x, dy]) as Tensor[]) : addThenApply;
      const run = {forward, backward, sum}[kind];
      return tfjsWork(context, [x, dy], run, () => disposeWeights(layer));
    },
  };
}

/** The variable of a weight, which tfjs's types keep to itself. */
export function variableOf(weight: Layer['weights'][number]): Variable {
  return (weight as unknown as {val: Variable}).val;
}

/** Disposes of the weights: `layer.dispose()` is for layers that a model uses. */
export function disposeWeights(layer: Layer): void {
  for (const weight of layer.weights) weight.dispose();
}
