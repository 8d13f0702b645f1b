import * as tf from '@tensorflow/tfjs-core';
import {type HubArgs, HubLayer} from './hub_layer.js';

interface SineOptions {
  /** Default: 10,000. */
  maxWavelength: number;
  /** The position of the first step. An argument of the call in Keras. Default: 0. */
  startIndex: number;
}

/**
 * Sines and cosines of each position, of longer and longer waves, to be added to what is at that
 * position. Arguments: `inputs` [batch, steps, features], and `positions` [batch, steps] in place of
 * 0, 1, 2, …. Output: the shape of the inputs.
 *
 * Source: keras_hub.layers.SinePositionEncoding; Vaswani et al. 2017 (arXiv 1706.03762), section 3.5.
 */
export class SinePositionEncoding extends HubLayer<SineOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>SinePositionEncoding';

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<SineOptions> = {}) {
    super(args, {maxWavelength: 10000, startIndex: 0}, ['inputs', 'positions']);
  }

  protected override compute({inputs, positions}: Record<string, tf.Tensor>): tf.Tensor {
    const {maxWavelength, startIndex} = this.options;
    const [steps, features] = inputs.shape.slice(-2);
    // Rounded to float32 at each step, as in Keras: far out, an angle has few digits left.
    const {fround} = Math;
    const exponent = (i: number) => fround(fround(2 * Math.floor(i / 2)) / fround(features));
    const scales = Array.from({length: features}, (_, i) =>
      fround(fround(1 / maxWavelength) ** exponent(i)),
    );
    if (positions) {
      const angles = tf.mul(tf.expandDims(tf.cast(positions, 'float32'), -1), scales);
      const isCosine = tf.tensor1d(scales.map((_, i) => i % 2));
      const waves = tf.where(tf.cast(isCosine, 'bool'), tf.cos(angles), tf.sin(angles));
      return tf.broadcastTo(waves, inputs.shape);
    }
    const waves = Array.from({length: steps}, (_, step) =>
      scales.map((scale, i) => {
        const angle = fround((step + startIndex) * scale);
        return i % 2 ? Math.cos(angle) : Math.sin(angle);
      }),
    );
    return tf.broadcastTo(tf.tensor2d(waves, [steps, features]), inputs.shape);
  }
}
