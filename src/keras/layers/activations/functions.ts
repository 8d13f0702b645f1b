/**
 * The activations of Keras that tfjs lacks, as classes that tfjs finds by name in the config of any
 * layer with an activation. tfjs reads and saves their names in camelCase.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import type {Activation} from '@tensorflow/tfjs-layers/dist/activations.js';
import {withoutGradient} from '../../operations/gradients.js';

/** tfjs exports its base class of activations under no name. */
const builtIn = (
  layers.dense({units: 1, name: 'only_its_activation_is_wanted'}) as unknown as {
    activation: Activation;
  }
).activation;
export const ActivationBase = Object.getPrototypeOf(
  builtIn.constructor,
) as abstract new () => Activation;

/** x where the condition holds, otherwise 0. */
export const keptWhere = (x: tf.Tensor, condition: (x: tf.Tensor) => tf.Tensor): tf.Tensor =>
  tf.mul(
    x,
    withoutGradient([x], () => tf.cast(condition(x), 'float32')),
  );

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
 * max(x − τ, 0) along the last axis. The support are the elements that the others exceed by less than
 * 1 together. In Keras τ is (Σ of the support's cumulative sums, from the largest on, − 1) / its size,
 * where Martins, Astudillo 2016 (arXiv 1602.02068) have the last of these sums alone; these are
 * Keras's values. Source: sparsemax of keras/src/backend.
 */
export function sparsemax(x: tf.Tensor): tf.Tensor {
  const support = withoutGradient([x], () => supportOf(x));
  // An element is in as many of the sums as there are elements in the support that are not larger.
  const times = withoutGradient([x], () => {
    const [one, other] = [tf.expandDims(x, -1), tf.expandDims(x, -2)];
    const smaller = tf.cast(tf.less(other, one), 'float32');
    const equal = tf.mul(tf.cast(tf.equal(other, one), 'float32'), 0.5);
    const inSupport = tf.expandDims(supportOf(x), -2);
    return tf.add(tf.sum(tf.mul(tf.add(smaller, equal), inSupport), -1), 0.5);
  });
  const sums = tf.sum(tf.mul(x, tf.mul(support, times)), -1, true);
  return tf.relu(tf.sub(x, tf.div(tf.sub(sums, 1), tf.sum(support, -1, true))));
}

/** 1 in the support of `sparsemax`, 0 elsewhere. */
function supportOf(x: tf.Tensor): tf.Tensor {
  const excess = tf.sum(tf.relu(tf.sub(tf.expandDims(x, -2), tf.expandDims(x, -1))), -1);
  return tf.cast(tf.less(excess, 1), 'float32');
}

/** gelu with tanh in the place of erf. Source: keras.activations.gelu, approximate=True. */
function geluApproximate(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(
    Math.sqrt(2 / Math.PI),
    tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))),
  );
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

/** By name, in Keras's spelling. Sources: keras.activations of Keras 3, keras_hub. */
const functions: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  celu: (x) => tf.add(tf.relu(x), tf.expm1(tf.minimum(x, 0))),
  exponential: tf.exp,
  gelu_approximate: geluApproximate,
  glu,
  hard_shrink: (x) => keptWhere(x, (each) => tf.greater(tf.abs(each), 0.5)),
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
