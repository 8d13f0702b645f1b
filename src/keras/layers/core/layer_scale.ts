/** The layer of ConvNeXt's blocks that scales each channel. */
import * as tf from '@tensorflow/tfjs-core';
import {initializers, type LayerVariable, type Shape} from '@tensorflow/tfjs-layers';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';

interface LayerScaleOptions {
  /** What gamma is before it has learned. */
  initValues: number;
  /** The number of channels, the last dimension. */
  projectionDim: number;
}

/**
 * γ·x, with a γ for each channel.
 *
 * Source: keras/src/applications/convnext.py.
 */
export class LayerScale extends OptionsLayer<LayerScaleOptions> {
  /** @nocollapse */
  static className = 'LayerScale';

  private gamma!: LayerVariable;

  constructor(args: ArgsOf<LayerScaleOptions>) {
    super(args, {initValues: 1e-6, projectionDim: 1});
  }

  override build(_inputShape: Shape | Shape[]): void {
    const {initValues, projectionDim} = this.options;
    const initial = initializers.constant({value: initValues});
    this.gamma = this.addWeight('gamma', [projectionDim], 'float32', initial);
    this.built = true;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return tf.mul(x, this.gamma.read());
  }
}
