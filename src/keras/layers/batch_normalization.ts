/**
 * Batch normalisation over any axis of a tensor of any rank. That of tfjs has the last axis of at most
 * four dimensions right, and throws in training where gamma or beta is left out. This class takes its
 * place, and leaves to it what it can do.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import type {CallArgs} from './options_layer.js';

type BuiltIn = ReturnType<typeof layers.batchNormalization>;
type Args = NonNullable<Parameters<typeof layers.batchNormalization>[0]>;

/** What tfjs's types keep to themselves. */
interface Parts {
  axis: number | number[];
  epsilon: number;
  momentum: number;
  gamma?: LayerVariable;
  beta?: LayerVariable;
  movingMean: LayerVariable;
  movingVariance: LayerVariable;
}

// tfjs exports the factory, but not the class.
const BuiltIn = layers.batchNormalization().constructor as (new (
  args: Args,
) => BuiltIn) & {fromConfig: typeof layers.Layer.fromConfig};

/** The highest rank for which tfjs has a kernel. */
const MOST_DIMENSIONS = 4;

/** y = γ·(x − μ)/√(σ² + ε) + β, with the moving μ and σ² in inference and the batch's in training. */
export class BatchNormalization extends BuiltIn {
  /** @nocollapse */
  static className = 'BatchNormalization';

  override build(inputShape: Shape | Shape[]): void {
    const parts = this as unknown as Parts;
    // Keras 2 saves a list of one.
    parts.axis = Number([parts.axis].flat()[0]);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: CallArgs): tf.Tensor | tf.Tensor[] {
    const [given] = [inputs].flat();
    const parts = this as unknown as Parts;
    // What tfjs's class gives of whole numbers is rounded to whole ones.
    const x = tf.cast(given, 'float32');
    const axis = parts.axis as number;
    const isLast = axis === -1 || axis === x.rank - 1;
    const hasAll = !kwargs.training || (parts.gamma && parts.beta);
    if (isLast && x.rank <= MOST_DIMENSIONS && hasAll) return super.call(x, kwargs);
    return tf.tidy(() => normalized(x, axis < 0 ? axis + x.rank : axis, parts, kwargs));
  }
}

/** The same, of tfjs's ops: x as rows of channels, [rows, channels], and back. */
function normalized(x: tf.Tensor, axis: number, parts: Parts, {training}: CallArgs): tf.Tensor {
  const order = [...x.shape.keys()].filter((a) => a !== axis);
  const permutation = [...order, axis];
  const moved = tf.transpose(x, permutation);
  const rows = tf.reshape(moved, [-1, x.shape[axis]]);
  const {mean, variance} = training ? tf.moments(rows, 0) : movingMoments(parts);
  if (training) {
    move(parts.movingMean, mean, parts.momentum);
    move(parts.movingVariance, variance, parts.momentum);
  }
  let y = tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, parts.epsilon)));
  if (parts.gamma) y = tf.mul(y, parts.gamma.read());
  if (parts.beta) y = tf.add(y, parts.beta.read());
  const back = permutation.map((_, i) => permutation.indexOf(i));
  return tf.transpose(tf.reshape(y, moved.shape), back);
}

function movingMoments({movingMean, movingVariance}: Parts): {
  mean: tf.Tensor;
  variance: tf.Tensor;
} {
  return {mean: movingMean.read(), variance: movingVariance.read()};
}

/** Moves an average towards a value, as tfjs does: outside of what is differentiated. */
function move(average: LayerVariable, value: tf.Tensor, momentum: number): void {
  const before = average.read();
  average.write(tf.sub(before, tf.mul(tf.sub(before, value), 1 - momentum)));
}
