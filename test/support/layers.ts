/** What the specs of layers share: inputs, a layer with weights that all differ, and its clean-up. */

import {Random} from '../../tools/random.js';
import {tf} from '../backends/current.js';
import {expectClose} from './close.js';

export function tensor(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(new Random(seed).normal(tf.util.sizeFromShape(shape)), shape);
}

/** The output of a layer for these inputs; its weights, if it is not built yet, are all different. */
export function apply(layer: tf.layers.Layer, inputs: tf.Tensor[], kwargs = {}): tf.Tensor {
  if (!layer.built) {
    layer.build(inputs.length > 1 ? inputs.map(({shape}) => shape) : inputs[0].shape);
    layer.setWeights(layer.getWeights().map(({shape}, i) => tensor(shape, 10 + i)));
  }
  return layer.call(inputs, kwargs) as tf.Tensor;
}

/** Disposes all that comes to be meanwhile, weights too. */
export async function inScope(run: () => Promise<void> | void) {
  const before = new Set(Object.keys(tf.engine().state.registeredVariables));
  tf.engine().startScope();
  await run();
  for (const [name, variable] of Object.entries(tf.engine().state.registeredVariables)) {
    if (!before.has(name)) variable.dispose();
  }
  tf.engine().endScope();
}

export async function expectSame(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-6) {
  expect(actual.shape).toEqual(expected.shape);
  const [a, e] = await Promise.all([actual.data(), expected.data()]);
  expectClose(a, e, tolerance);
}
