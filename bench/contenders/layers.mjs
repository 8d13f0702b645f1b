/**
 * The layer of this package and tfjs's built-in one, called in the same way: `layer.apply(x)`, and
 * the gradient with respect to x, γ and β by way of tfjs's tape.
 */
import {tfjsWork} from './tfjs.mjs';

export const ours = {
  name: 'layer',
  label: 'tfjs-layernorm, layer',
  kinds: ['forward', 'backward'],
  create: (context) => layerContender(context, context.library.layerNormalization),
};

export const builtIn = {
  name: 'built-in',
  label: 'tf.layers.layerNormalization',
  peer: 'built-in',
  growth: true, // of its gradient's cost, on long rows, is the square of the row's length
  kinds: ['forward', 'backward'],
  create: (context) => layerContender(context, context.tf.layers.layerNormalization),
};

function layerContender(context, createLayer) {
  const {tf} = context;
  return {
    prepare({shape, data, kind, epsilon}) {
      const layer = createLayer({epsilon});
      layer.build(shape);
      const cols = [shape.at(-1)];
      tf.tidy(() => layer.setWeights([tf.tensor(data.gamma, cols), tf.tensor(data.beta, cols)]));
      const [gamma, beta] = layer.trainableWeights.map((weight) => weight.val);
      const x = tf.tensor(data.x, shape);
      const dy = tf.tensor(data.dy, shape);
      const forward = () => [tf.tidy(() => layer.apply(x))];
      const backward = () =>
        tf.tidy(() => tf.engine().gradients(() => layer.apply(x), [x, gamma, beta], dy).grads);
      const run = kind === 'forward' ? forward : backward;
      return tfjsWork(context, [x, dy], run, () => disposeWeights(layer));
    },
  };
}

/** `layer.dispose()` is for layers that a model uses. */
export function disposeWeights(layer) {
  for (const weight of layer.weights) weight.dispose();
}
