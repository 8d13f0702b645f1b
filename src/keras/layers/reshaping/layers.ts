/** Layers that cut, pad, repeat and flatten the places of their input. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {padTensor} from '../../operations/pad.js';
import {type DataFormat, isFirst, toLast} from '../data_format.js';
import {resizeAxis} from '../images/resize.js';
import {type ArgsOf, eachOf, OptionsLayer, sizeBy} from '../options_layer.js';

type Pairs = number | number[] | [number, number][];

/** How much before and after each of `rank` dimensions. */
function pairsOf(option: Pairs, rank: number): [number, number][] {
  if (rank === 1 && Array.isArray(option) && !Array.isArray(option[0])) {
    return [
      option.length === 2
        ? (option as [number, number])
        : [option[0] as number, option[0] as number],
    ];
  }
  return eachOf<number | [number, number]>(option as number, rank).map((pair) =>
    Array.isArray(pair) ? pair : [pair, pair],
  );
}

interface PlacesOptions {
  dataFormat: DataFormat;
}

/** A layer that does something to each dimension of places. */
abstract class PlacesLayer<Options extends PlacesOptions> extends OptionsLayer<Options> {
  constructor(
    args: ArgsOf<Options>,
    defaults: Options,
    protected readonly rank: number,
  ) {
    super(args, defaults);
    this.supportsMasking = false;
  }

  /** What becomes of the size of the dimension of places `i`. */
  protected abstract place(size: number, i: number): number;

  /** The first dimension of places. */
  protected get first(): number {
    return isFirst(this.options.dataFormat) ? 2 : 1;
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    return shape.map((size, axis) => {
      const i = axis - this.first;
      return i < 0 || i >= this.rank ? size : sizeBy(size, (known) => this.place(known, i));
    });
  }

  /** One value for each dimension of x: that of its place, or `other`. */
  protected perDimension<T>(
    x: tf.Tensor,
    ofPlace: (i: number) => T,
    other: (axis: number) => T,
  ): T[] {
    return x.shape.map((_, axis) => {
      const i = axis - this.first;
      return i < 0 || i >= this.rank ? other(axis) : ofPlace(i);
    });
  }
}

interface PaddingOptions extends PlacesOptions {
  padding: Pairs;
}

/** Zeros before and after the places. */
class ZeroPadding extends PlacesLayer<PaddingOptions> {
  private readonly pairs: [number, number][];

  constructor(args: ArgsOf<PaddingOptions>, rank: number) {
    super(args, {padding: 1, dataFormat: 'channelsLast'}, rank);
    this.pairs = pairsOf(this.options.padding, rank);
  }

  protected override place(size: number, i: number): number {
    return size + this.pairs[i][0] + this.pairs[i][1];
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return padTensor(
      x,
      this.perDimension<[number, number]>(
        x,
        (i) => this.pairs[i],
        () => [0, 0],
      ),
    );
  }
}

interface CroppingOptions extends PlacesOptions {
  cropping: Pairs;
}

/** The places without the first and the last of them. */
class Cropping extends PlacesLayer<CroppingOptions> {
  private readonly pairs: [number, number][];

  constructor(args: ArgsOf<CroppingOptions>, rank: number) {
    super(args, {cropping: rank === 2 ? 0 : 1, dataFormat: 'channelsLast'}, rank);
    this.pairs = pairsOf(this.options.cropping, rank);
  }

  protected override place(size: number, i: number): number {
    return size - this.pairs[i][0] - this.pairs[i][1];
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const begin = this.perDimension(
      x,
      (i) => this.pairs[i][0],
      () => 0,
    );
    const size = this.perDimension(
      x,
      (i) => this.place(x.shape[i + this.first], i),
      (axis) => x.shape[axis],
    );
    return tf.slice(x, begin, size);
  }
}

interface UpSamplingOptions extends PlacesOptions {
  size: number | number[];
  interpolation: string;
}

/** More places: each repeated, or what is between them by a method of `Resizing`. */
class UpSampling extends PlacesLayer<UpSamplingOptions> {
  private readonly factors: number[];

  constructor(args: ArgsOf<UpSamplingOptions>, rank: number) {
    super(args, {size: 2, interpolation: 'nearest', dataFormat: 'channelsLast'}, rank);
    this.factors = eachOf(this.options.size, rank);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {interpolation: _, ...config} = super.getConfig();
    return this.rank === 2 ? {...config, interpolation: this.options.interpolation} : config;
  }

  protected override place(size: number, i: number): number {
    return size * this.factors[i];
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return this.factors.reduce((y: tf.Tensor, factor, i) => {
      const axis = i + this.first;
      if (factor === 1) return y;
      if (this.options.interpolation === 'nearest') return repeated(y, axis, factor);
      return resizeAxis(y, axis, y.shape[axis] * factor, this.options.interpolation);
    }, x.clone());
  }
}

/** Each place of a dimension, several times over. */
function repeated(x: tf.Tensor, axis: number, factor: number): tf.Tensor {
  const before = x.shape.slice(0, axis + 1).reduce((product, size) => product * size, 1);
  const after = x.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const copies = Array.from({length: factor}, () => tf.reshape(x, [before, 1, after]));
  return tf.reshape(
    tf.concat(copies, 1), // the gradient of a tile is not there for every rank
    x.shape.map((size, k) => (k === axis ? size * factor : size)),
  );
}

/** [batch, …] → [batch, all the others]; [batch] → [batch, 1]. */
export class Flatten extends OptionsLayer<{dataFormat: DataFormat}> {
  /** @nocollapse */
  static className = 'Flatten';

  constructor(args: ArgsOf<{dataFormat: DataFormat}> = {}) {
    super(args, {dataFormat: 'channelsLast'});
    this.supportsMasking = false;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const last = x.rank > 2 ? toLast(x, this.options.dataFormat) : x;
    return tf.reshape(last, [x.shape[0], x.size / Math.max(x.shape[0], 1)]);
  }

  protected override shapeOf([[batch, ...others]]: Shape[]): Shape {
    if (others.includes(null)) return [batch, null];
    return [batch, (others as number[]).reduce((product, size) => product * size, 1)];
  }
}

export class ZeroPadding1D extends ZeroPadding {
  /** @nocollapse */
  static className = 'ZeroPadding1D';
  constructor(args: ArgsOf<PaddingOptions> = {}) {
    super(args, 1);
  }
}

export class ZeroPadding2D extends ZeroPadding {
  /** @nocollapse */
  static className = 'ZeroPadding2D';
  constructor(args: ArgsOf<PaddingOptions> = {}) {
    super(args, 2);
  }
}

export class ZeroPadding3D extends ZeroPadding {
  /** @nocollapse */
  static className = 'ZeroPadding3D';
  constructor(args: ArgsOf<PaddingOptions> = {}) {
    super(args, 3);
  }
}

export class Cropping1D extends Cropping {
  /** @nocollapse */
  static className = 'Cropping1D';
  constructor(args: ArgsOf<CroppingOptions> = {}) {
    super(args, 1);
  }
}

export class Cropping2D extends Cropping {
  /** @nocollapse */
  static className = 'Cropping2D';
  constructor(args: ArgsOf<CroppingOptions> = {}) {
    super(args, 2);
  }
}

export class Cropping3D extends Cropping {
  /** @nocollapse */
  static className = 'Cropping3D';
  constructor(args: ArgsOf<CroppingOptions> = {}) {
    super(args, 3);
  }
}

export class UpSampling1D extends UpSampling {
  /** @nocollapse */
  static className = 'UpSampling1D';
  constructor(args: ArgsOf<UpSamplingOptions> = {}) {
    super(args, 1);
  }
}

export class UpSampling2D extends UpSampling {
  /** @nocollapse */
  static className = 'UpSampling2D';
  constructor(args: ArgsOf<UpSamplingOptions> = {}) {
    super(args, 2);
  }
}

export class UpSampling3D extends UpSampling {
  /** @nocollapse */
  static className = 'UpSampling3D';
  constructor(args: ArgsOf<UpSamplingOptions> = {}) {
    super(args, 3);
  }
}

interface ReshapeOptions {
  targetShape: (number | null)[];
}

/** Any shape of as many numbers; tfjs's own class does not say what size a -1 stands for. */
export class Reshape extends OptionsLayer<ReshapeOptions> {
  /** @nocollapse */
  static className = 'Reshape';

  constructor(args: ArgsOf<ReshapeOptions>) {
    super(args, {targetShape: []});
    this.supportsMasking = false;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const sizes = this.options.targetShape.map((size) => size ?? -1);
    return tf.reshape(x, [x.shape[0], ...sizes]);
  }

  /** @throws Error The sizes are known and do not fit. */
  protected override shapeOf([[batch, ...given]]: Shape[]): Shape {
    const sizes = this.options.targetShape.map((size) => (size === -1 ? null : size));
    const open = sizes.filter((size) => size === null).length;
    if (given.includes(null) || open > 1) return [batch, ...sizes];
    const product = (list: (number | null)[]) =>
      list.reduce<number>((size, each) => size * (each ?? 1), 1);
    const [all, known] = [product(given), product(sizes)];
    if (open ? all % known : all !== known) {
      throw this.error(`[${given}] cannot be given the shape [${this.options.targetShape}].`);
    }
    return [batch, ...sizes.map((size) => size ?? all / known)];
  }
}
