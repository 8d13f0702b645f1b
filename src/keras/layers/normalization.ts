/**
 * The normalisations of this package as some versions of Keras compute them of whole numbers: they
 * bring what they computed back to the type of the input, which cuts off what is behind the point.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {GroupNormalization as Group} from '../../layers/group_normalization.js';
import {LayerNormalization as Layer} from '../../layers/layer_normalization.js';
import {RMSNormalization as RMS} from '../../layers/rms_normalization.js';

type Normalization = layers.Layer & {call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor};

// biome-ignore lint/suspicious/noExplicitAny: a mixin's base must take any arguments
type Base = new (...args: any[]) => Normalization;

/**
 * A class with one more option: `truncates`, default false, says that it is given whole numbers, if as
 * float32, and gives such.
 */
function truncating<T extends Base>(Built: T): T {
  return class extends Built {
    private readonly truncates: boolean;

    // biome-ignore lint/suspicious/noExplicitAny: a mixin's constructor must take any arguments
    constructor(...args: any[]) {
      super(...args);
      this.truncates = args[0]?.truncates ?? false;
    }

    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      if (!this.truncates) return super.call(inputs);
      return tf.tidy(() => tf.cast(tf.cast(super.call(inputs), 'int32'), 'float32'));
    }

    /** Keras does not know the option: it is there only where it is set. */
    override getConfig(): tf.serialization.ConfigDict {
      return {...super.getConfig(), ...(this.truncates && {truncates: true})};
    }
  };
}

/** Source: GroupNormalization of Keras 3.7. */
export const GroupNormalization = truncating(Group);

/** Source: ops.layer_normalization of Keras 3.11. */
export const LayerNormalization = truncating(Layer);

/** Source: ops.rms_normalization of Keras 3.11. */
export const RMSNormalization = truncating(RMS);
