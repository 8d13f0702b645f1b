/** What the optimiser fuses into a product or a convolution: a bias, then an activation. */
import type {GraphNode} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';

/** What is fused into a node, under the names that tfjs's fused kernels have for it. */
export interface Fused {
  bias?: tf.Tensor;
  /** In lower case, as the converter gives strings. Absent: none. */
  activation?: string;
  preluActivationWeights?: tf.Tensor;
  leakyreluAlpha?: number;
}

/** What a fused kernel of tfjs takes. */
export interface InKernel extends Fused {
  activation?: 'linear' | 'relu' | 'relu6' | 'elu' | 'prelu' | 'leakyrelu' | 'sigmoid';
}

/** Activations that tfjs's fused kernels have; the others are applied afterwards. */
const IN_KERNEL = new Set(['relu', 'relu6', 'elu', 'prelu', 'leakyrelu', 'sigmoid']);

const AFTERWARDS: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  tanh: tf.tanh,
  geluexact: (x) => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(Math.SQRT1_2, x)))),
  geluapproximate: (x) => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
    return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
  },
};

/** @throws Error The node has something else fused in, such as a batch normalisation. */
export function fusedOf({inputs, attrs}: GraphNode): Fused {
  const ops = [...((attrs.fused_ops as string[] | undefined) ?? [])];
  const args = inputs.slice(2);
  const bias = ops[0] === 'biasadd' ? args.shift() : undefined;
  if (bias) ops.shift();
  const [activation, ...more] = ops;
  const known =
    activation === undefined || IN_KERNEL.has(activation) || Object.hasOwn(AFTERWARDS, activation);
  if (!known || more.length > 0) {
    throw new Error(`The graph has a node into which '${ops}' is fused, which is not supported.`);
  }
  const leakyreluAlpha = Number(attrs.leakyrelu_alpha ?? 0.2);
  return {bias, activation, preluActivationWeights: args.shift(), leakyreluAlpha};
}

/**
 * Runs a fused kernel, and after it what that cannot take: a bias of several dimensions (on wasm also
 * one that was reshaped) or an activation that it does not have.
 */
export function withFused(
  {bias, ...after}: Fused,
  kernel: (inKernel: InKernel) => tf.Tensor,
): tf.Tensor {
  const {activation} = after;
  if (bias && bias.rank !== 1) return activate(tf.add(kernel({}), bias), after);
  const isAfter = activation !== undefined && !IN_KERNEL.has(activation);
  return isAfter ? activate(kernel({bias}), after) : kernel({bias, ...after} as InKernel);
}

/** @param fused What `fusedOf` gives; the bias is not added. */
export function activate(x: tf.Tensor, fused: Fused): tf.Tensor {
  switch (fused.activation) {
    case undefined:
      return x;
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'elu':
      return tf.elu(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'leakyrelu':
      return tf.leakyRelu(x, fused.leakyreluAlpha);
    case 'prelu':
      return tf.prelu(x, fused.preluActivationWeights as tf.Tensor);
    default:
      return AFTERWARDS[fused.activation](x);
  }
}
