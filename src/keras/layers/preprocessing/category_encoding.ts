/** Whole numbers as vectors: `CategoryEncoding`. That of tfjs gives other shapes than Keras's. */
import type * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';
import {encode, encodedShape, outputModeOf} from './encode.js';

interface CategoryEncodingOptions {
  numTokens: number;
  outputMode: string;
}

/** Each number as a vector, or each example's numbers as one, perhaps weighted by a second input. */
export class CategoryEncoding extends OptionsLayer<CategoryEncodingOptions> {
  /** @nocollapse */
  static className = 'CategoryEncoding';

  constructor(args: ArgsOf<CategoryEncodingOptions>) {
    super(args, {numTokens: 0, outputMode: 'multi_hot'});
    this.options.outputMode = outputModeOf(this.options.outputMode);
  }

  protected override compute([x, weights]: tf.Tensor[]): tf.Tensor {
    const {numTokens, outputMode} = this.options;
    return encode(x, outputModeOf(outputMode), numTokens, {weights});
  }

  protected override shapeOf([input]: Shape[]): Shape {
    const {numTokens, outputMode} = this.options;
    return encodedShape(input, outputModeOf(outputMode), numTokens);
  }
}
