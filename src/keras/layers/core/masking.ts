import * as tf from '@tensorflow/tfjs-core';
import {withoutGradient} from '../../operations/gradients.js';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';

interface MaskingOptions {
  maskValue: number;
}

/**
 * Masks the steps of which every number is `maskValue`, and makes them 0:
 * [batch, steps, …, features] → the same.
 *
 * In place of tfjs's own, within which a gradient ends with an error: it cannot pass the comparison, so
 * that nothing before a Masking could be trained.
 *
 * Source: keras/src/layers/core/masking.py.
 */
export class Masking extends OptionsLayer<MaskingOptions> {
  /** @nocollapse */
  static className = 'Masking';

  constructor(args: ArgsOf<MaskingOptions> = {}) {
    super(args, {maskValue: 0});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return tf.mul(x, tf.cast(this.seen(x, true), x.dtype));
  }

  /** [batch, steps, …], bool */
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => this.seen([inputs].flat()[0], false));
  }

  /** Whether a step is seen, bool. */
  private seen(x: tf.Tensor, keepDims: boolean): tf.Tensor {
    const value = tf.scalar(this.options.maskValue, x.dtype);
    return withoutGradient([x], () => tf.any(tf.notEqual(x, value), -1, keepDims));
  }
}
