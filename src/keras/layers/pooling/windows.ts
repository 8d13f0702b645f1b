/** Pooling over windows of one, two or three dimensions, and over windows that adapt to the output. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {everyNth, indices, outputLength, padSame} from '../convolution/convolve.js';
import {type DataFormat, fromLast, shapeFromLast, shapeToLast, toLast} from '../data_format.js';
import {type ArgsOf, type CallArgs, eachOf, OptionsLayer, sizeBy} from '../options_layer.js';

type Kind = 'max' | 'average';

interface PoolingOptions {
  poolSize: number | number[];
  /** null: as the windows, so that they do not overlap. */
  strides: number | number[] | null;
  padding: 'valid' | 'same';
  dataFormat: DataFormat;
}

/** x [batch, …places, channels], its places in windows. */
function pool(
  x: tf.Tensor,
  kind: Kind,
  sizes: number[],
  strides: number[],
  padding: 'valid' | 'same',
): tf.Tensor {
  if (x.rank === 3) {
    const one = pool(tf.expandDims(x, 1), kind, [1, ...sizes], [1, ...strides], padding);
    return tf.squeeze(one, [1]);
  }
  if (x.rank === 4) {
    const op = kind === 'max' ? tf.maxPool : tf.avgPool;
    const [size, step] = [sizes, strides] as [number, number][];
    return op(x as tf.Tensor4D, size, step, padding);
  }
  if (kind === 'max') return maxOfThree(x, sizes, strides, padding);
  const [size, step] = [sizes, strides] as [number, number, number][];
  return tf.avgPool3d(x as tf.Tensor5D, size, step, padding);
}

/**
 * The largest of windows in three dimensions: first over two of them, then over the third. tfjs's own
 * op takes on wasm the least positive number for the least number of all.
 */
function maxOfThree(
  x: tf.Tensor,
  [depth, ...sizes]: number[],
  [step, ...strides]: number[],
  padding: 'valid' | 'same',
): tf.Tensor {
  const [batch, planes, height, width, channels] = x.shape;
  const flat = tf.reshape(x, [batch * planes, height, width, channels]);
  const pooled = pool(flat, 'max', sizes, strides, padding);
  const [, rows, cols] = pooled.shape;
  const aside = tf.reshape(pooled, [batch, planes, rows * cols, channels]);
  const y = pool(aside, 'max', [depth, 1], [step, 1], padding);
  return tf.reshape(y, [batch, y.shape[1] as number, rows, cols, channels]);
}

/** Below every number that a layer gives. */
const LEAST = -3.4e38;

/** The largest of each window, with a gradient; tfjs's own is wrong on wasm. */
function maxInTraining(
  x: tf.Tensor,
  sizes: number[],
  strides: number[],
  padding: 'valid' | 'same',
) {
  const padded = padding === 'same' ? padSame(x, sizes, strides, LEAST) : x;
  const last = sizes.map((size, i) => {
    const places = outputLength(padded.shape[i + 1], size, strides[i], 'valid');
    return (places - 1) * strides[i] + 1;
  });
  const shape = [x.shape[0], ...last, x.shape.at(-1) as number];
  const parts = indices(sizes).map((at) =>
    everyNth(tf.slice(padded, [0, ...at, 0], shape), strides),
  );
  return parts.reduce((most, part) => tf.maximum(most, part));
}

/**
 * The mean of what is there of each window, without the padding. tfjs's own gradient of it counts the
 * padding in.
 */
function meanOfThere(x: tf.Tensor, sizes: number[], strides: number[]): tf.Tensor {
  const share = (of: tf.Tensor) =>
    pool(padSame(of, sizes, strides), 'average', sizes, strides, 'valid');
  const ones = tf.ones([1, ...x.shape.slice(1, -1), 1]);
  return tf.div(share(x), share(ones));
}

/** The largest value, or the mean, of each window. */
class Pooling extends OptionsLayer<PoolingOptions> {
  private readonly sizes: number[];
  private readonly steps: number[];

  constructor(
    args: ArgsOf<PoolingOptions>,
    private readonly kind: Kind,
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
    if (training && this.kind === 'max') {
      return fromLast(maxInTraining(input, this.sizes, this.steps, padding), dataFormat);
    }
    if (training && padding === 'same' && this.kind === 'average') {
      return fromLast(meanOfThere(input, this.sizes, this.steps), dataFormat);
    }
    return fromLast(pool(input, this.kind, this.sizes, this.steps, padding), dataFormat);
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
    private readonly kind: Kind,
    rank: number,
  ) {
    super(args, {outputSize: 1, dataFormat: 'channelsLast'});
    this.sizes = eachOf(this.options.outputSize, rank);
    this.supportsMasking = false;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const first = this.options.dataFormat === 'channelsFirst' ? 2 : 1;
    // A dimension at a time: the windows are products of intervals.
    return this.sizes.reduce((y, size, i) => this.along(y, first + i, size), tf.cast(x, 'float32'));
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {dataFormat} = this.options;
    const last = shapeToLast(shape, dataFormat);
    return shapeFromLast([last[0], ...this.sizes, last.at(-1) as number], dataFormat);
  }

  private along(x: tf.Tensor, axis: number, output: number): tf.Tensor {
    const input = x.shape[axis];
    const reduce = this.kind === 'max' ? tf.max : tf.mean;
    const windows = Array.from({length: output}, (_, i) => {
      const start = Math.floor((i * input) / output);
      const end = Math.ceil(((i + 1) * input) / output);
      const begin = x.shape.map((_size, k) => (k === axis ? start : 0));
      const size = x.shape.map((n, k) => (k === axis ? end - start : n));
      return reduce(tf.slice(x, begin, size), axis, true);
    });
    return tf.concat(windows, axis);
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
