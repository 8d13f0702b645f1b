/**
 * Layer normalisation of a sum, composed of tfjs's addition and the backend's own layer normalisation:
 * the sum is written, and then read again.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type AddLayerNormInputs,
  type AddLayerNormOutputs,
  LayerNorm,
  type LayerNormAttrs,
} from '../contract.js';
import {asTensor} from './tensors.js';

export function addLayerNorm(args: {
  inputs: AddLayerNormInputs;
  attrs: LayerNormAttrs;
}): AddLayerNormOutputs {
  const {x, residual, ...params} = args.inputs;
  return tf.tidy(() => {
    const sum = tf.add(asTensor(x), asTensor(residual));
    const inputs = {x: sum, ...params} as unknown as tf.NamedTensorMap;
    const [y, stats] = tf.engine().runKernel(LayerNorm, inputs, {...args.attrs}) as tf.Tensor[];
    return [y, stats, sum];
  }) as unknown as AddLayerNormOutputs;
}
