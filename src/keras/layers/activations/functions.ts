/**
 * The activations of Keras that tfjs lacks, as classes that tfjs finds by name in the config of any
 * layer with an activation. tfjs reads and saves their names in camelCase.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import type {Activation} from '@tensorflow/tfjs-layers/dist/activations.js';

/** tfjs exports its base class of activations under no name. */
const builtIn = (
  layers.dense({units: 1, name: 'only_its_activation_is_wanted'}) as unknown as {
    activation: Activation;
  }
).activation;
export const ActivationBase = Object.getPrototypeOf(
  builtIn.constructor,
) as abstract new () => Activation;

const step = (condition: tf.Tensor, x: tf.Tensor): tf.Tensor =>
  tf.mul(x, tf.cast(condition, 'float32'));

/** Piecewise linear from 0 at −3 to 1 at 3: the `hard_sigmoid` of Keras 3. */
export const hardSigmoid = (x: tf.Tensor): tf.Tensor => tf.div(tf.relu6(tf.add(x, 3)), 6);

/** x where it is above 0, otherwise x·slope. */
export const leakyRelu = (x: tf.Tensor, slope: number): tf.Tensor =>
  tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), slope));

/** log(1 + eˣ); x where that is the same in float32, so that eˣ does not overflow. */
const softplus = (x: tf.Tensor): tf.Tensor =>
  tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));

/** The two halves of the last dimension, the first gated by the second. */
export function glu(x: tf.Tensor): tf.Tensor {
  const [value, gate] = tf.split(x, 2, -1);
  return tf.mul(value, tf.sigmoid(gate));
}

/**
 * The point of the simplex that is nearest to x, along the last axis: max(x − τ, 0), with τ such that
 * it adds up to 1. An element is in the support where the others exceed it by less than 1 together.
 *
 * Source: Martins, Astudillo 2016, "From softmax to sparsemax" (arXiv 1602.02068).
 */
export function sparsemax(x: tf.Tensor): tf.Tensor {
  const excess = tf.sum(tf.relu(tf.sub(tf.expandDims(x, -2), tf.expandDims(x, -1))), -1);
  const support = tf.customGrad((given) => ({
    value: tf.cast(tf.less(given as tf.Tensor, 1), 'float32'),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(excess);
  const count = tf.sum(support, -1, true);
  const threshold = tf.div(tf.sub(tf.sum(tf.mul(x, support), -1, true), 1), count);
  return tf.mul(tf.sub(x, threshold), support);
}

/** By name, in Keras's spelling. Sources: keras.activations of Keras 3. */
const functions: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  celu: (x) => tf.add(tf.relu(x), tf.expm1(tf.minimum(x, 0))),
  exponential: tf.exp,
  glu,
  hard_shrink: (x) => step(tf.greater(tf.abs(x), 0.5), x),
  hard_sigmoid_keras3: hardSigmoid,
  hard_silu: (x) => tf.mul(x, hardSigmoid(x)),
  hard_tanh: (x) => tf.clipByValue(x, -1, 1),
  leaky_relu: (x) => leakyRelu(x, 0.2),
  log_sigmoid: (x) => tf.neg(softplus(tf.neg(x))),
  log_softmax: (x) => tf.logSoftmax(x),
  soft_shrink: (x) => tf.sub(tf.relu(tf.sub(x, 0.5)), tf.relu(tf.sub(tf.neg(x), 0.5))),
  sparse_plus: (x) => {
    const inside = tf.clipByValue(tf.add(x, 1), 0, 2);
    return tf.add(tf.mul(tf.square(inside), 0.25), tf.relu(tf.sub(x, 1)));
  },
  sparse_sigmoid: (x) => tf.mul(tf.clipByValue(tf.add(x, 1), 0, 2), 0.5),
  sparsemax,
  squareplus: (x) => tf.mul(tf.add(x, tf.sqrt(tf.add(tf.square(x), 4))), 0.5),
  tanh_shrink: (x) => tf.sub(x, tf.tanh(x)),
};

export type ActivationClass = tf.serialization.SerializableConstructor<Activation> & {
  className: string;
};

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export const activationNames = Object.keys(functions);

/** A class for each, as `tf.serialization.registerClass` takes it. */
export const activationClasses: ActivationClass[] = Object.entries(functions).map(
  ([name, compute]) =>
    class extends ActivationBase {
      /** @nocollapse */
      static className = camelCase(name);

      apply(x: tf.Tensor): tf.Tensor {
        return tf.tidy(() => compute(x));
      }
    } as ActivationClass,
);
