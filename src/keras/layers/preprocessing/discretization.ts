/** Numbers as the bins that they are in: `Discretization`. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {binOf} from '../../operations/ordering.js';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';
import {encode, encodedShape, outputModeOf} from './encode.js';

interface DiscretizationOptions {
  /** Bounds in rising order; a number is in the bin after all bounds at or below it. */
  binBoundaries: number[];
  outputMode: string;
  /** A last dimension of 1 stays before those of the vectors, as in Keras 3.0 to 3.3. */
  keepsOne: boolean;
}

/** The number of each number's bin, or a vector of it as `CategoryEncoding` makes. */
export class Discretization extends OptionsLayer<DiscretizationOptions> {
  /** @nocollapse */
  static className = 'Discretization';

  constructor(args: ArgsOf<DiscretizationOptions>) {
    super(args, {binBoundaries: [], outputMode: 'int', keepsOne: false});
    this.options.outputMode = outputModeOf(this.options.outputMode);
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const {binBoundaries, outputMode, keepsOne} = this.options;
    const bins = binOf(tf.cast(x, 'float32'), tf.tensor1d(binBoundaries));
    return encode(bins, outputModeOf(outputMode), binBoundaries.length + 1, {keepsOne});
  }

  protected override shapeOf([input]: Shape[]): Shape {
    const {binBoundaries, outputMode, keepsOne} = this.options;
    return encodedShape(input, outputModeOf(outputMode), binBoundaries.length + 1, keepsOne);
  }
}
