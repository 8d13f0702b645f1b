/** Layers that bring numbers into another range: `Rescaling` and `Normalization`. */
import * as tf from '@tensorflow/tfjs-core';
import {initializers, type LayerVariable, type Shape} from '@tensorflow/tfjs-layers';
import {type ArgsOf, fromStart, OptionsLayer, shapesOf} from '../options_layer.js';

type Numbers = number | Numbers[];

interface RescalingOptions {
  scale: Numbers;
  offset: Numbers;
}

/** x·scale + offset, these a number or one for each channel. */
export class Rescaling extends OptionsLayer<RescalingOptions> {
  /** @nocollapse */
  static className = 'Rescaling';

  constructor(args: ArgsOf<RescalingOptions>) {
    super(args, {scale: 1, offset: 0});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const [scale, offset] = [this.options.scale, this.options.offset].map((value) =>
      tf.tensor(value as tf.TensorLike, undefined, 'float32'),
    );
    return tf.add(tf.mul(tf.cast(x, 'float32'), scale), offset);
  }
}

interface NormalizationOptions {
  axis: number | number[] | null;
  mean: Numbers | null;
  variance: Numbers | null;
  invert: boolean;
  /** The shape that it was built for in Keras, for sizes that the input leaves open. */
  builtShape: Shape | null;
}

/** The least standard deviation that Keras divides by. */
const EPSILON = 1e-7;

/**
 * (x − mean) / √variance for each place along `axis`, or the inverse of it. Both are options, or
 * weights that Keras has learned by `adapt()`.
 */
export class Normalization extends OptionsLayer<NormalizationOptions> {
  /** @nocollapse */
  static className = 'Normalization';

  private mean!: tf.Tensor | LayerVariable;
  private variance!: tf.Tensor | LayerVariable;
  private broadcastShape: number[] = [];

  constructor(args: ArgsOf<NormalizationOptions> = {}) {
    super(args, {axis: -1, mean: null, variance: null, invert: false, builtShape: null});
  }

  /** @throws Error A dimension along `axis` is not known. */
  override build(inputShape: Shape | Shape[]): void {
    const [given] = shapesOf(inputShape);
    const shape = this.shapeOf([given]);
    const {axis, mean} = this.options;
    const kept = this.keptAxes(shape.length);
    const sizes = kept.map((a) => shape[a]);
    if (sizes.some((size) => size == null)) {
      throw this.error(
        `the sizes of axis ${axis} must be known, but the input is [${given.map((size) => size ?? 'null')}]. ` +
          'In Python save the model as .keras, or give its keras.Input these sizes.',
      );
    }
    this.broadcastShape = shape.map((size, i) => (kept.includes(i) ? (size as number) : 1));
    if (mean === null) {
      const weight = (name: string, initial: ReturnType<typeof initializers.ones>) =>
        this.addWeight(name, sizes, 'float32', initial, undefined, false);
      this.mean = weight('mean', initializers.zeros());
      this.variance = weight('variance', initializers.ones());
      // Keras saves how many examples it has seen. Nothing here reads it.
      this.addWeight('count', [], 'float32', initializers.zeros(), undefined, false);
    }
    this.built = true;
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const mean = this.statistic('mean');
    const deviation = tf.maximum(tf.sqrt(this.statistic('variance')), EPSILON);
    const input = tf.cast(x, 'float32');
    return this.options.invert
      ? tf.add(mean, tf.mul(input, deviation))
      : tf.div(tf.sub(input, mean), deviation);
  }

  /**
   * The input's, with the sizes along `axis`, which the layer knows. Keras gives the statistics the rank
   * of the first input: with an input of another rank they are broadcast from the right.
   *
   * @throws Error That cannot be done.
   */
  protected override shapeOf([input]: Shape[]): Shape {
    if (this.built && input.length !== this.broadcastShape.length) return this.broadcast(input);
    const {builtShape} = this.options;
    const kept = this.keptAxes(input.length);
    const isOfSameRank = builtShape?.length === input.length;
    return input.map((size, i) =>
      isOfSameRank && kept.includes(i) ? (size ?? builtShape[i]) : size,
    );
  }

  private broadcast(input: Shape): Shape {
    const own = this.broadcastShape;
    const rank = Math.max(input.length, own.length);
    const inRank = (shape: Shape) => [...Array<number>(rank - shape.length).fill(1), ...shape];
    const statistics = inRank(own);
    return inRank(input).map((size, i) => {
      const other = statistics[i] as number;
      if (other === 1 || other === size) return size;
      if (size === 1) return other;
      throw this.error(
        `its statistics have the shape [${own}] of its first input, to which an input of the shape ` +
          `[${input.map((each) => each ?? 'null')}] does not fit. Give each input a Normalization of its own.`,
      );
    });
  }

  private keptAxes(rank: number): number[] {
    const kept = [this.options.axis ?? []].flat().map((a) => fromStart(a, rank));
    return kept.sort((a, b) => a - b);
  }

  /** Its values, in the rank of the first input: those of an option belong to the last of the axes. */
  private statistic(name: 'mean' | 'variance'): tf.Tensor {
    const given = this.options[name];
    if (given === null) {
      return tf.reshape((this[name] as LayerVariable).read(), this.broadcastShape);
    }
    const values = tf.tensor(given as tf.TensorLike, undefined, 'float32');
    const sizes = this.keptAxes(this.broadcastShape.length).map((a) => this.broadcastShape[a]);
    return tf.reshape(tf.mul(values, tf.ones(sizes)), this.broadcastShape);
  }
}
