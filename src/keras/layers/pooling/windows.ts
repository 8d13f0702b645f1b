/** Pooling over windows of one, two or three dimensions, and over windows that adapt to the output. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {outputLength} from '../convolution/convolve.js';
import {type DataFormat, fromLast, shapeFromLast, shapeToLast, toLast} from '../data_format.js';
import {type ArgsOf, type CallArgs, eachOf, OptionsLayer, sizeBy} from '../options_layer.js';
import {type Pooled, pool, poolAdaptively} from './pool.js';

interface PoolingOptions {
  poolSize: number | number[];
  /** null: as the windows, so that they do not overlap. */
  strides: number | number[] | null;
  padding: 'valid' | 'same';
  dataFormat: DataFormat;
}

/** The largest value, or the mean, of each window. */
class Pooling extends OptionsLayer<PoolingOptions> {
  private readonly sizes: number[];
  private readonly steps: number[];

  constructor(
    args: ArgsOf<PoolingOptions>,
    private readonly kind: Pooled,
    rank: number,
  ) {
    super(args, {poolSize: 2, strides: null, padding: 'valid', dataFormat: 'channelsLast'});
    this.sizes = eachOf(this.options.poolSize, rank);
    this.steps = eachOf(this.options.strides ?? this.sizes, rank);
    this.supportsMasking = false;
  }

  protected override compute([x]: tf.Tensor[], {training}: CallArgs): tf.Tensor {
    const {padding, dataFormat} = this.options;
    const input = toLast(tf.cast(x, 'float32'), dataFormat);
    const {kind, sizes, steps: strides} = this;
    return fromLast(pool(input, kind, {sizes, strides, padding, training}), dataFormat);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {padding, dataFormat} = this.options;
    const [batch, ...others] = shapeToLast(shape, dataFormat);
    const places = others
      .slice(0, -1)
      .map((size, i) =>
        sizeBy(size, (known) => outputLength(known, this.sizes[i], this.steps[i], padding)),
      );
    return shapeFromLast([batch, ...places, others.at(-1) as number], dataFormat);
  }
}

interface AdaptiveOptions {
  outputSize: number | number[];
  dataFormat: DataFormat;
}

/** As many windows as the output is to have, each from ⌊i·size/output⌋ to ⌈(i + 1)·size/output⌉. */
class AdaptivePooling extends OptionsLayer<AdaptiveOptions> {
  private readonly sizes: number[];

  constructor(
    args: ArgsOf<AdaptiveOptions>,
    private readonly kind: Pooled,
    rank: number,
  ) {
    super(args, {outputSize: 1, dataFormat: 'channelsLast'});
    this.sizes = eachOf(this.options.outputSize, rank);
    this.supportsMasking = false;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const {dataFormat} = this.options;
    const input = toLast(tf.cast(x, 'float32'), dataFormat);
    return fromLast(poolAdaptively(input, this.kind, this.sizes), dataFormat);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {dataFormat} = this.options;
    const last = shapeToLast(shape, dataFormat);
    return shapeFromLast([last[0], ...this.sizes, last.at(-1) as number], dataFormat);
  }
}

export class MaxPooling1D extends Pooling {
  /** @nocollapse */
  static className = 'MaxPooling1D';
  constructor(args: ArgsOf<PoolingOptions> = {}) {
    super(args, 'max', 1);
  }
}

export class MaxPooling2D extends Pooling {
  /** @nocollapse */
  static className = 'MaxPooling2D';
  constructor(args: ArgsOf<PoolingOptions> = {}) {
    super(args, 'max', 2);
  }
}

export class MaxPooling3D extends Pooling {
  /** @nocollapse */
  static className = 'MaxPooling3D';
  constructor(args: ArgsOf<PoolingOptions> = {}) {
    super(args, 'max', 3);
  }
}

export class AveragePooling1D extends Pooling {
  /** @nocollapse */
  static className = 'AveragePooling1D';
  constructor(args: ArgsOf<PoolingOptions> = {}) {
    super(args, 'average', 1);
  }
}

export class AveragePooling2D extends Pooling {
  /** @nocollapse */
  static className = 'AveragePooling2D';
  constructor(args: ArgsOf<PoolingOptions> = {}) {
    super(args, 'average', 2);
  }
}

export class AveragePooling3D extends Pooling {
  /** @nocollapse */
  static className = 'AveragePooling3D';
  constructor(args: ArgsOf<PoolingOptions> = {}) {
    super(args, 'average', 3);
  }
}

export class AdaptiveMaxPooling1D extends AdaptivePooling {
  /** @nocollapse */
  static className = 'AdaptiveMaxPooling1D';
  constructor(args: ArgsOf<AdaptiveOptions> = {}) {
    super(args, 'max', 1);
  }
}

export class AdaptiveMaxPooling2D extends AdaptivePooling {
  /** @nocollapse */
  static className = 'AdaptiveMaxPooling2D';
  constructor(args: ArgsOf<AdaptiveOptions> = {}) {
    super(args, 'max', 2);
  }
}

export class AdaptiveMaxPooling3D extends AdaptivePooling {
  /** @nocollapse */
  static className = 'AdaptiveMaxPooling3D';
  constructor(args: ArgsOf<AdaptiveOptions> = {}) {
    super(args, 'max', 3);
  }
}

export class AdaptiveAveragePooling1D extends AdaptivePooling {
  /** @nocollapse */
  static className = 'AdaptiveAveragePooling1D';
  constructor(args: ArgsOf<AdaptiveOptions> = {}) {
    super(args, 'average', 1);
  }
}

export class AdaptiveAveragePooling2D extends AdaptivePooling {
  /** @nocollapse */
  static className = 'AdaptiveAveragePooling2D';
  constructor(args: ArgsOf<AdaptiveOptions> = {}) {
    super(args, 'average', 2);
  }
}

export class AdaptiveAveragePooling3D extends AdaptivePooling {
  /** @nocollapse */
  static className = 'AdaptiveAveragePooling3D';
  constructor(args: ArgsOf<AdaptiveOptions> = {}) {
    super(args, 'average', 3);
  }
}
