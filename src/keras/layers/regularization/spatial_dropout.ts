/** Dropout of whole channels, of images and of volumes; tfjs has it of sequences. */
import * as tf from '@tensorflow/tfjs-core';
import {type DataFormat, isFirst} from '../data_format.js';
import {type ArgsOf, type CallArgs, OptionsLayer} from '../options_layer.js';

interface SpatialDropoutOptions {
  rate: number;
  dataFormat: DataFormat;
}

/** In training each channel is 0 with the probability `rate`, and the others are scaled up by it. */
class SpatialDropout extends OptionsLayer<SpatialDropoutOptions> {
  constructor(args: ArgsOf<SpatialDropoutOptions>) {
    super(args, {rate: 0.5, dataFormat: 'channelsLast'});
  }

  protected override compute([x]: tf.Tensor[], {training}: CallArgs): tf.Tensor {
    const {rate, dataFormat} = this.options;
    if (!training || rate === 0) return x.clone();
    const channel = isFirst(dataFormat) ? 1 : x.rank - 1;
    const noise = x.shape.map((size, axis) => (axis === 0 || axis === channel ? size : 1));
    return tf.dropout(x, rate, noise);
  }
}

export class SpatialDropout2D extends SpatialDropout {
  /** @nocollapse */
  static className = 'SpatialDropout2D';
}

export class SpatialDropout3D extends SpatialDropout {
  /** @nocollapse */
  static className = 'SpatialDropout3D';
}
