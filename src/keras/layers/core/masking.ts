import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {withoutGradient} from '../../operations/gradients.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/**
 * Masks the steps of which every number is `maskValue`, and makes them 0.
 *
 * In place of tfjs's own, within which a gradient ends with an error: it cannot pass the comparison, so
 * that nothing before a Masking could be trained.
 *
 * Source: keras/src/layers/core/masking.py.
 */
export class Masking extends layers.Layer {
  /** @nocollapse */
  static className = 'Masking';

  readonly maskValue: number;

  constructor(args: LayerArgs & {maskValue?: number} = {}) {
    super(args);
    this.supportsMasking = true;
    this.maskValue = args.maskValue ?? 0;
  }

  /** [batch, steps, …, features] → the same */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x] = [inputs].flat();
      const seen = withoutGradient([x], () => tf.cast(this.isSeen(x, true), x.dtype));
      return tf.mul(x, seen);
    });
  }

  /** [batch, steps, …], bool */
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat();
    return withoutGradient([x], () => this.isSeen(x, false));
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), maskValue: this.maskValue};
  }

  private isSeen(x: tf.Tensor, keepDims: boolean): tf.Tensor {
    return tf.tidy(() => tf.any(tf.notEqual(x, tf.scalar(this.maskValue, x.dtype)), -1, keepDims));
  }
}
