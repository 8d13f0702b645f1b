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
}

/** The number of each number's bin, or a vector of it as `CategoryEncoding` makes. */
export class Discretization extends OptionsLayer<DiscretizationOptions> {
  /** @nocollapse */
  static className = 'Discretization';

  constructor(args: ArgsOf<DiscretizationOptions>) {
    super(args, {binBoundaries: [], outputMode: 'int'});
    this.options.outputMode = outputModeOf(this.options.outputMode);
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const {binBoundaries, outputMode} = this.options;
    const bins = binOf(tf.cast(x, 'float32'), tf.tensor1d(binBoundaries));
    return encode(bins, outputModeOf(outputMode), binBoundaries.length + 1);
  }

  protected override shapeOf([input]: Shape[]): Shape {
    const {binBoundaries, outputMode} = this.options;
    return encodedShape(input, outputModeOf(outputMode), binBoundaries.length + 1);
  }
}
