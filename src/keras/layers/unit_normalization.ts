import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {resolveBuildShape} from '../../layers/build_shape.js';
import {onlyTensor} from '../../layers/only_tensor.js';
import {checkAxis} from '../../ops/axes.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

export interface UnitNormalizationArgs extends LayerArgs {
  /** The dimension or dimensions of a vector; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
}

/** Each vector along `axis` to length 1: x / √Σx². The class and config of Keras. */
export class UnitNormalization extends layers.Layer {
  /** @nocollapse */
  static className = 'UnitNormalization';

  /** As given; once built, a list of non-negative integers. */
  axis: number | readonly number[];

  /** @throws Error Bad axes. */
  constructor(args: UnitNormalizationArgs = {}) {
    super(args);
    this.axis = checkAxis('UnitNormalization', args.axis ?? -1);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.axis = resolveBuildShape(this, inputShape).axes;
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = onlyTensor(this, inputs);
      const squares = tf.sum(tf.square(x), this.axis as number[], true);
      return tf.mul(x, tf.rsqrt(tf.maximum(squares, 1e-12))); // the bound of Keras
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === 'number' ? this.axis : [...this.axis],
    };
  }
}
