/** Whole numbers as vectors: `CategoryEncoding`. That of tfjs gives other shapes than Keras's. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';

interface CategoryEncodingOptions {
  numTokens: number;
  outputMode: 'one_hot' | 'multi_hot' | 'count';
}

/**
 * Each number as a vector that is 1 at its place (`one_hot`), or of each example's last dimension
 * which numbers it holds (`multi_hot`) and how often, perhaps weighted by a second input (`count`).
 */
export class CategoryEncoding extends OptionsLayer<CategoryEncodingOptions> {
  /** @nocollapse */
  static className = 'CategoryEncoding';

  constructor(args: ArgsOf<CategoryEncodingOptions>) {
    super(args, {numTokens: 0, outputMode: 'multi_hot'});
    // tfjs brings some texts of a saved config to camelCase; Keras 2 first said "binary".
    const {outputMode} = this.options as {outputMode: string};
    const mode = outputMode.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    this.options.outputMode = (mode === 'binary' ? 'multi_hot' : mode) as typeof outputMode &
      'count';
  }

  protected override compute([x, weights]: tf.Tensor[]): tf.Tensor {
    const {numTokens, outputMode} = this.options;
    const vectors = tf.cast(tf.oneHot(tf.cast(x, 'int32'), numTokens), 'float32'); // [..., n, tokens]
    if (outputMode === 'one_hot') return tf.reshape(vectors, this.shapeOf([x.shape]) as number[]);
    if (outputMode === 'multi_hot') return tf.max(vectors, -2);
    const weighted = weights
      ? tf.mul(vectors, tf.expandDims(tf.cast(weights, 'float32'), -1))
      : vectors;
    return tf.sum(weighted, -2);
  }

  protected override shapeOf([input]: Shape[]): Shape {
    const {numTokens, outputMode} = this.options;
    const keepsLast = outputMode === 'one_hot' && (input.at(-1) !== 1 || input.length < 2);
    return [...(keepsLast ? input : input.slice(0, -1)), numTokens];
  }
}
