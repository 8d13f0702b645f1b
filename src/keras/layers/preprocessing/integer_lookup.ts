/** Whole numbers by their place in a vocabulary: `IntegerLookup`. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';
import {encode, encodedShape, type OutputMode, outputModeOf} from './encode.js';

interface IntegerLookupOptions {
  /** Without those that stand for the mask and for what is not in it, or after these. */
  vocabulary: number[];
  numOovIndices: number;
  maskToken: number | null;
  oovToken: number;
  outputMode: string;
  maxTokens: number | null;
  padToMaxTokens: boolean;
  /** From places to the numbers of the vocabulary. */
  invert: boolean;
}

/**
 * The place of each number in the vocabulary: first is the mask's, if the mode is `int`, then those of
 * numbers that are not in it, then those of the vocabulary. Or vectors, as `CategoryEncoding` makes.
 *
 * Source: keras/src/layers/preprocessing/index_lookup.py.
 */
export class IntegerLookup extends OptionsLayer<IntegerLookupOptions> {
  /** @nocollapse */
  static className = 'IntegerLookup';

  private readonly mode: OutputMode;
  /** The vocabulary without what stands for something else. */
  private readonly tokens: number[];

  constructor(args: ArgsOf<IntegerLookupOptions>) {
    super(args, {
      vocabulary: [],
      numOovIndices: 1,
      maskToken: null,
      oovToken: -1,
      outputMode: 'int',
      maxTokens: null,
      padToMaxTokens: false,
      invert: false,
    });
    const {vocabulary, maskToken, oovToken, numOovIndices} = this.options;
    this.mode = outputModeOf(this.options.outputMode);
    this.options.outputMode = this.mode;
    const special = [
      ...Array<number | null>(this.firstUnknown).fill(maskToken),
      ...Array<number>(numOovIndices).fill(oovToken),
    ];
    const hasSpecial = special.length > 0 && special.every((token, i) => vocabulary[i] === token);
    this.tokens = hasSpecial ? vocabulary.slice(special.length) : vocabulary;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const numbers = tf.cast(x, 'int32');
    if (this.options.invert) return this.inverted(numbers);
    return encode(this.places(numbers), this.mode, this.depth);
  }

  protected override shapeOf([input]: Shape[]): Shape {
    return encodedShape(input, this.mode, this.depth);
  }

  /** The first place of numbers that are not in the vocabulary. */
  private get firstUnknown(): number {
    return this.options.maskToken !== null && this.mode === 'int' ? 1 : 0;
  }

  private get firstToken(): number {
    return this.firstUnknown + this.options.numOovIndices;
  }

  private get depth(): number {
    const {padToMaxTokens, maxTokens} = this.options;
    return padToMaxTokens && maxTokens ? maxTokens : this.firstToken + this.tokens.length;
  }

  /** @throws Error A number is not in the vocabulary, and nothing stands for such. */
  private places(x: tf.Tensor): tf.Tensor {
    const {numOovIndices, maskToken} = this.options;
    const isEach = tf.cast(
      tf.equal(tf.expandDims(x, -1), tf.tensor1d(this.tokens, 'int32')),
      'int32',
    );
    const order = tf.range(1, this.tokens.length + 1, 1, 'int32');
    const place = tf.sum(tf.mul(isEach, order), -1); // 0: not in the vocabulary
    const isMask =
      maskToken === null ? tf.zerosLike(place) : tf.cast(tf.equal(x, maskToken), 'int32');
    const isKnown = tf.greater(tf.add(place, isMask), 0);
    if (numOovIndices === 0 && tf.min(tf.cast(isKnown, 'int32')).dataSync()[0] === 0) {
      throw this.error('a number is not in the vocabulary, and num_oov_indices is 0.');
    }
    const unknown =
      numOovIndices > 1
        ? tf.add(tf.mod(x, int(numOovIndices)), int(this.firstUnknown))
        : filled(x, this.firstUnknown);
    const known = tf.add(place, int(this.firstToken - 1));
    const found = tf.where(tf.greater(place, 0), known, unknown);
    // Vectors have no place for the mask.
    const masked = filled(x, this.mode === 'int' ? 0 : -1);
    return tf.where(tf.cast(isMask, 'bool'), masked, found);
  }

  private inverted(x: tf.Tensor): tf.Tensor {
    const {oovToken, maskToken} = this.options;
    const places = tf.sub(x, int(this.firstToken));
    const isToken = tf.logicalAnd(tf.greaterEqual(places, 0), tf.less(places, this.tokens.length));
    const within = tf.where(isToken, places, tf.zerosLike(places));
    const tokens = tf.gather(tf.tensor1d(this.tokens, 'int32'), within);
    const found = tf.where(isToken, tokens, filled(x, oovToken));
    if (maskToken === null) return found;
    return tf.where(tf.equal(x, 0), filled(x, maskToken), found);
  }
}

/** A tensor of one number, int32, in the shape of x. */
const filled = (x: tf.Tensor, value: number): tf.Tensor =>
  tf.fill(x.shape as [number], value, 'int32');

const int = (value: number): tf.Scalar => tf.scalar(value, 'int32');
