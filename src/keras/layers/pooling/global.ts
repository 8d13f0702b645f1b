/** Pooling over all places at once. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {type DataFormat, shapeFromLast, shapeToLast, toLast} from '../data_format.js';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';

interface GlobalOptions {
  dataFormat: DataFormat;
  keepdims: boolean;
}

/** What becomes of [batch, …places, channels] where each place of `axes` is reduced. */
type Reduce = (x: tf.Tensor, axes: number[], mask?: tf.Tensor) => tf.Tensor;

const largest: Reduce = (x, axes) => tf.max(x, axes);
const mean: Reduce = (x, axes) => tf.mean(x, axes);

/** The mean of the steps that are not masked; mask [batch, steps]. */
const maskedMean: Reduce = (x, axes, mask) => {
  if (!mask) return tf.mean(x, axes);
  const weights = tf.expandDims(tf.cast(mask, 'float32'), 2);
  return tf.div(tf.sum(tf.mul(x, weights), axes), tf.sum(weights, axes));
};

/** [batch, …places, channels] → [batch, channels]; with `keepdims` the places stay, of size 1. */
class GlobalPooling extends OptionsLayer<GlobalOptions> {
  constructor(
    args: ArgsOf<GlobalOptions>,
    private readonly reduce: Reduce,
  ) {
    super(args, {dataFormat: 'channelsLast', keepdims: false});
    this.supportsMasking = false;
  }

  protected override compute([x, mask]: tf.Tensor[]): tf.Tensor {
    const input = toLast(tf.cast(x, 'float32'), this.options.dataFormat);
    const places = x.shape.slice(1, -1);
    const y = this.reduce(
      input,
      places.map((_, i) => i + 1),
      mask,
    );
    if (!this.options.keepdims) return y;
    return tf.reshape(y, this.kept([x.shape[0], ...y.shape.slice(1)], places.length) as number[]);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const last = shapeToLast(shape, this.options.dataFormat);
    const pooled = [last[0], last.at(-1) as number];
    return this.options.keepdims ? this.kept(pooled, shape.length - 2) : pooled;
  }

  private kept([batch, channels]: Shape, places: number): Shape {
    const ones = Array.from({length: places}, () => 1);
    return shapeFromLast([batch, ...ones, channels], this.options.dataFormat);
  }
}

/** The mean over the steps, those not masked where a mask is the second input. */
export class GlobalAveragePooling1D extends GlobalPooling {
  /** @nocollapse */
  static className = 'GlobalAveragePooling1D';
  constructor(args: ArgsOf<GlobalOptions> = {}) {
    super(args, maskedMean);
  }
}

export class GlobalAveragePooling2D extends GlobalPooling {
  /** @nocollapse */
  static className = 'GlobalAveragePooling2D';
  constructor(args: ArgsOf<GlobalOptions> = {}) {
    super(args, mean);
  }
}

export class GlobalAveragePooling3D extends GlobalPooling {
  /** @nocollapse */
  static className = 'GlobalAveragePooling3D';
  constructor(args: ArgsOf<GlobalOptions> = {}) {
    super(args, mean);
  }
}

export class GlobalMaxPooling1D extends GlobalPooling {
  /** @nocollapse */
  static className = 'GlobalMaxPooling1D';
  constructor(args: ArgsOf<GlobalOptions> = {}) {
    super(args, largest);
  }
}

export class GlobalMaxPooling2D extends GlobalPooling {
  /** @nocollapse */
  static className = 'GlobalMaxPooling2D';
  constructor(args: ArgsOf<GlobalOptions> = {}) {
    super(args, largest);
  }
}

export class GlobalMaxPooling3D extends GlobalPooling {
  /** @nocollapse */
  static className = 'GlobalMaxPooling3D';
  constructor(args: ArgsOf<GlobalOptions> = {}) {
    super(args, largest);
  }
}
