/** The layer of Inception-ResNet's blocks that adds what they have found to what they were given. */
import * as tf from '@tensorflow/tfjs-core';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';

interface CustomScaleOptions {
  /** How much of the second input counts. */
  scale: number;
}

/**
 * x + scale·y, of two inputs of one shape.
 *
 * Source: keras/src/applications/inception_resnet_v2.py.
 */
export class CustomScaleLayer extends OptionsLayer<CustomScaleOptions> {
  /** @nocollapse */
  static className = 'CustomScaleLayer';

  constructor(args: ArgsOf<CustomScaleOptions>) {
    super(args, {scale: 1});
  }

  protected override compute([x, y]: tf.Tensor[]): tf.Tensor {
    return tf.add(x, tf.mul(y, this.options.scale));
  }
}
