/** The layers that are activations, in the places of tfjs's own, with all options of Keras. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {
  type ArgsOf,
  type CallArgs,
  fromStart,
  type LayerArgs,
  OptionsLayer,
} from '../options_layer.js';
import {keptWhere, leakyRelu} from './functions.js';
import {
  type Activation as ActivationObject,
  type ActivationOption,
  resolveActivation,
} from './resolve.js';

type ActivationArgs = LayerArgs & {activation: ActivationOption};

/** Any activation of Keras. `glu` gives half of the last dimension. */
export class Activation extends OptionsLayer {
  /** @nocollapse */
  static className = 'Activation';

  private readonly activation: ActivationObject;

  /** @throws Error An activation of an unknown name. */
  constructor(args: ActivationArgs) {
    super(args, {});
    this.activation = resolveActivation(args.activation);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), activation: this.activation.getClassName()};
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return this.activation.apply(x);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    if (this.activation.getClassName() !== 'glu') return [...shape];
    return [...shape.slice(0, -1), (shape.at(-1) as number) / 2];
  }
}

interface ReLUOptions {
  maxValue: number | null;
  negativeSlope: number;
  threshold: number;
}

/** max(x, 0); from `threshold` on, up to `maxValue`, and with a slope below the threshold. */
export class ReLU extends OptionsLayer<ReLUOptions> {
  /** @nocollapse */
  static className = 'ReLU';

  constructor(args: ArgsOf<ReLUOptions> = {}) {
    super(args, {maxValue: null, negativeSlope: 0, threshold: 0});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const {maxValue, negativeSlope, threshold} = this.options;
    let y = threshold ? keptWhere(x, (each) => tf.greater(each, threshold)) : tf.relu(x);
    if (maxValue !== null) y = tf.clipByValue(y, 0, maxValue);
    if (!negativeSlope) return y;
    return tf.sub(y, tf.mul(tf.relu(tf.sub(threshold, x)), negativeSlope));
  }
}

/** x above 0, below it x·negativeSlope. */
export class LeakyReLU extends OptionsLayer<{alpha: number}> {
  /** @nocollapse */
  static className = 'LeakyReLU';

  constructor(args: ArgsOf<{alpha: number}> = {}) {
    super(args, {alpha: 0.3});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return leakyRelu(x, this.options.alpha);
  }
}

/** x above 0, below it alpha·(eˣ − 1). */
export class ELU extends OptionsLayer<{alpha: number}> {
  /** @nocollapse */
  static className = 'ELU';

  constructor(args: ArgsOf<{alpha: number}> = {}) {
    super(args, {alpha: 1});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return tf.add(tf.relu(x), tf.mul(tf.expm1(tf.minimum(x, 0)), this.options.alpha));
  }
}

/**
 * How a softmax takes a mask: as a term added to the scores; as that and a factor of the weights, which are
 * then 0 where all is masked; or as that of whether it is above a half, whatever type it has.
 */
export type SoftmaxMask = 'added' | 'multiplied' | 'compared';

interface SoftmaxOptions {
  axis: number | number[];
  takesMask: SoftmaxMask;
}

/** Far below every score; softmax gives 0 there. The number that Keras adds. */
const LARGE_NEGATIVE = -3.4028235e38 / 2;

/**
 * Softmax along an axis, or along several as if they were one. Where a mask is the second input,
 * the elements that are masked get 0.
 *
 * Source: keras/src/layers/activations/softmax.py.
 */
export class Softmax extends OptionsLayer<SoftmaxOptions> {
  /** @nocollapse */
  static className = 'Softmax';

  constructor(args: ArgsOf<SoftmaxOptions> = {}) {
    super(args, {axis: -1, takesMask: 'compared'});
  }

  /** What the softmax of a call is taken of, if all that the call does after it is to hand it on. */
  logits([x, mask]: tf.Tensor[]): tf.Tensor | undefined {
    const {axis, takesMask} = this.options;
    if (Array.isArray(axis) && axis.length > 1) return undefined;
    if (!mask) return x;
    return takesMask === 'added' ? scores(x, this.seen(mask)) : undefined;
  }

  protected override compute([x, given]: tf.Tensor[]): tf.Tensor {
    const {axis, takesMask} = this.options;
    const axes = [axis].flat().map((each) => fromStart(each, x.rank));
    const mask = given && this.seen(given);
    const weights = softmax(mask ? scores(x, mask) : x, axes);
    return mask && takesMask !== 'added' ? tf.mul(weights, mask) : weights;
  }

  /** 1 where the mask lets an element be seen. */
  private seen(mask: tf.Tensor): tf.Tensor {
    const seen = tf.cast(mask, 'float32');
    return this.options.takesMask === 'compared' ? tf.cast(tf.greater(seen, 0.5), 'float32') : seen;
  }
}

/** x, and far below where the mask, float32, is 0. */
const scores = (x: tf.Tensor, mask: tf.Tensor) =>
  tf.add(x, tf.mul(tf.sub(1, mask), LARGE_NEGATIVE));

/** Keras takes several axes by way of the logarithm of the sum, which is all but lost in large scores. */
function softmax(x: tf.Tensor, axes: number[]): tf.Tensor {
  if (axes.length > 1) return tf.exp(tf.sub(x, tf.logSumExp(x, axes, true)));
  if (axes[0] === x.rank - 1) return tf.softmax(x);
  const exponentials = tf.exp(tf.sub(x, tf.max(x, axes, true)));
  return tf.div(exponentials, tf.sum(exponentials, axes, true));
}

/** x where it is above `theta`, otherwise 0. */
export class ThresholdedReLU extends OptionsLayer<{theta: number}> {
  /** @nocollapse */
  static className = 'ThresholdedReLU';

  constructor(args: ArgsOf<{theta: number}> = {}) {
    super(args, {theta: 1});
  }

  protected override compute([x]: tf.Tensor[], _kwargs: CallArgs): tf.Tensor {
    return keptWhere(x, (each) => tf.greater(each, this.options.theta));
  }
}
