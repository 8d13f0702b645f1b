/** Layers that give images another size. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {type DataFormat, fromLast, shapeFromLast, shapeToLast, toLast} from '../data_format.js';
import {type ArgsOf, type CallArgs, OptionsLayer} from '../options_layer.js';
import {
  cropCenter,
  cropToAspect,
  padToAspect,
  RESIZE_METHODS,
  resizeImages,
  smartResize,
} from './resize.js';

interface SizeOptions {
  height: number;
  width: number;
  dataFormat: DataFormat;
}

/** A layer whose images have the size `height` by `width`. */
abstract class SizedLayer<Options extends SizeOptions> extends OptionsLayer<Options> {
  /** Images [batch, height, width, channels] to their new size. */
  protected abstract resized(x: tf.Tensor, kwargs: CallArgs): tf.Tensor;

  protected override compute([x]: tf.Tensor[], kwargs: CallArgs): tf.Tensor {
    const {dataFormat} = this.options;
    return fromLast(this.resized(toLast(x, dataFormat), kwargs), dataFormat);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {height, width, dataFormat} = this.options;
    const [batch, , , channels] = shapeToLast(shape, dataFormat);
    return shapeFromLast([batch, height, width, channels], dataFormat);
  }
}

interface ResizingOptions extends SizeOptions {
  interpolation: string;
  cropToAspectRatio: boolean;
  padToAspectRatio: boolean;
  fillValue: number;
  fillMode: string;
  antialias: boolean;
}

/** Images resized by any method of `tf.image.resize`; integers stay integers. */
export class Resizing extends SizedLayer<ResizingOptions> {
  /** @nocollapse */
  static className = 'Resizing';

  /** @throws Error There is no such method. */
  constructor(args: ArgsOf<ResizingOptions>) {
    super(args, {
      height: 1,
      width: 1,
      dataFormat: 'channelsLast',
      interpolation: 'bilinear',
      cropToAspectRatio: false,
      padToAspectRatio: false,
      fillMode: 'constant',
      fillValue: 0,
      antialias: false,
    });
    if (!RESIZE_METHODS.includes(this.options.interpolation)) {
      throw this.error(
        `interpolation must be one of ${RESIZE_METHODS.join(', ')}, ` +
          `but is ${this.options.interpolation}.`,
      );
    }
  }

  protected override resized(x: tf.Tensor): tf.Tensor {
    const {height, width, interpolation, antialias, fillValue} = this.options;
    let image = x;
    if (this.options.cropToAspectRatio) image = cropToAspect(x, height, width);
    else if (this.options.padToAspectRatio) image = padToAspect(x, height, width, fillValue);
    const y = resizeImages(image, [height, width], interpolation, antialias);
    return x.dtype === 'int32' ? tf.cast(tf.round(y), 'int32') : y;
  }
}

/** The middle of each image. */
export class CenterCrop extends SizedLayer<SizeOptions> {
  /** @nocollapse */
  static className = 'CenterCrop';

  constructor(args: ArgsOf<SizeOptions>) {
    super(args, {height: 1, width: 1, dataFormat: 'channelsLast'});
  }

  protected override resized(x: tf.Tensor): tf.Tensor {
    const {height, width} = this.options;
    return cropCenter(tf.cast(x, 'float32'), height, width);
  }
}

/** Resizes the images in inference; the part of each that Keras draws in training is not drawn here. */
export class RandomCrop extends SizedLayer<SizeOptions & {seed: number | null}> {
  /** @nocollapse */
  static className = 'RandomCrop';

  constructor(args: ArgsOf<SizeOptions & {seed: number | null}>) {
    super(args, {height: 1, width: 1, dataFormat: 'channelsLast', seed: null});
  }

  protected override resized(x: tf.Tensor, {training}: CallArgs): tf.Tensor {
    if (training) throw this.error('is not implemented in training, only in inference.');
    const {height, width} = this.options;
    return smartResize(tf.cast(x, 'float32'), height, width);
  }
}
