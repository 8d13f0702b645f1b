/**
 * Masks as tensors. In tfjs a mask travels beside a tensor, and a layer is handed no more than its
 * first input's; a layer whose input has none is handed that of whichever layer ran before it.
 * `../masks.ts` puts these layers where that would be wrong.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** The mask that an Embedding or a Masking makes of its input: 1 where that is not `maskValue`. */
export class MaskOf extends layers.Layer {
  /** @nocollapse */
  static className = 'MaskOf';

  readonly maskValue: number;
  /** Whether a step is a vector, masked where all of it is `maskValue`. */
  readonly overFeatures: boolean;

  constructor(args: LayerArgs & {maskValue?: number; overFeatures?: boolean}) {
    super(args);
    this.maskValue = args.maskValue ?? 0;
    this.overFeatures = args.overFeatures ?? false;
  }

  /** [batch, steps] or [batch, steps, features] → [batch, steps], float32 */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x] = [inputs].flat();
      const differs = tf.cast(tf.notEqual(x, tf.scalar(this.maskValue, x.dtype)), 'float32');
      return this.overFeatures ? tf.max(differs, -1) : differs;
    });
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.overFeatures ? inputShape.slice(0, -1) : inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {maskValue, overFeatures} = this;
    return {...super.getConfig(), maskValue, overFeatures};
  }
}

/** Gives x the mask that is its second input, or without one a mask of ones. */
export class AttachMask extends layers.Layer {
  /** @nocollapse */
  static className = 'AttachMask';

  /** Whether x becomes 0 at the steps that are masked. */
  readonly zeroMasked: boolean;

  constructor(args: LayerArgs & {zeroMasked?: boolean}) {
    super(args);
    this.zeroMasked = args.zeroMasked ?? false;
    this.supportsMasking = true;
  }

  /** x [batch, steps, features], mask [batch, steps] */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, mask] = [inputs].flat();
    if (!this.zeroMasked || !mask) return x.clone();
    return tf.tidy(() => tf.mul(x, tf.expandDims(tf.cast(mask, 'float32'), 2)));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
  }

  /** [batch, steps], bool */
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, mask] = [inputs].flat();
    return mask ? tf.cast(mask, 'bool') : tf.ones(x.shape.slice(0, 2), 'bool');
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), zeroMasked: this.zeroMasked};
  }
}

/** The mean over the steps, those not masked where a mask is the second input: in the built-in's place. */
export class GlobalAveragePooling1D extends layers.Layer {
  /** @nocollapse */
  static className = 'GlobalAveragePooling1D';

  /** [batch, steps, features], with a mask [batch, steps] → [batch, features] */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x, mask] = [inputs].flat();
      if (!mask) return tf.mean(x, 1);
      const weights = tf.expandDims(tf.cast(mask, 'float32'), 2);
      return tf.div(tf.sum(tf.mul(x, weights), 1), tf.sum(weights, 1));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, , features] = (
      Array.isArray(inputShape[0]) ? inputShape[0] : inputShape
    ) as Shape;
    return [batch, features];
  }
}
