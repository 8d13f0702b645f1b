/**
 * GRU with `reset_after`, Keras's default, which tfjs refuses. Both classes take the built-in's
 * place; without `resetAfter` they do what it does.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type GRUCellLayerArgs,
  type GRULayerArgs,
  layers,
  type Shape,
} from '@tensorflow/tfjs-layers';
import {product} from '../operations/product.js';
import {withKerasSteps} from './recurrent.js';

type BuiltInCell = ReturnType<typeof layers.gruCell>;
type BuiltInLayer = ReturnType<typeof layers.gru>;

// tfjs exports factories, but not their classes.
type ClassOf<Args, Layer> = (new (
  args: Args,
) => Layer) & {fromConfig: typeof layers.Layer.fromConfig};
const named = {units: 1, name: 'only_its_class_is_wanted'};
const BuiltInCell = layers.gruCell(named).constructor as ClassOf<GRUCellLayerArgs, BuiltInCell>;
const BuiltInLayer = withKerasSteps(
  layers.gru(named).constructor as ClassOf<GRULayerArgs, BuiltInLayer>,
);

/**
 * One step of a GRU. With `resetAfter` the reset gate acts on the state's projection, which has a
 * bias of its own:
 *
 *     z, r = σ(x·K + b + h·R + c)      h̃ = tanh(x·K + b + r·(h·R + c))      h ← z·h + (1 − z)·h̃
 */
export class GRUCell extends BuiltInCell {
  /** @nocollapse */
  static className = 'GRUCell';

  readonly resetAfter: boolean;

  constructor(args: GRUCellLayerArgs) {
    super({...args, resetAfter: false});
    this.resetAfter = args.resetAfter ?? false;
  }

  override build(inputShape: Shape | Shape[]): void {
    if (!this.resetAfter || !this.useBias) {
      super.build(inputShape);
      return;
    }
    const [shape] = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const gates = 3 * this.units;
    this.kernel = this.addWeight(
      'kernel',
      [shape.at(-1) as number, gates],
      undefined,
      this.kernelInitializer,
      this.kernelRegularizer,
      true,
      this.kernelConstraint,
    );
    this.recurrentKernel = this.addWeight(
      'recurrent_kernel',
      [this.units, gates],
      undefined,
      this.recurrentInitializer,
      this.recurrentRegularizer,
      true,
      this.recurrentConstraint,
    );
    this.bias = this.addWeight(
      'bias',
      [2, gates],
      undefined,
      this.biasInitializer,
      this.biasRegularizer,
      true,
      this.biasConstraint,
    );
    this.built = true;
  }

  /** @param inputs x [batch, features] and the state [batch, units] */
  override call(inputs: tf.Tensor[], kwargs: {training?: boolean}): tf.Tensor | tf.Tensor[] {
    if (!this.resetAfter) return super.call(inputs, kwargs);
    return tf.tidy(() => {
      const [x, state] = inputs as tf.Tensor2D[];
      if (kwargs.training) this.makeDropoutMasks(x, state);
      const kept = (value: tf.Tensor2D, mask: tf.Tensor | tf.Tensor[] | null) =>
        mask ? tf.mul(value, mask as tf.Tensor2D) : value;
      const h = kept(state, this.recurrentDropoutMask);
      const [b, c] = this.useBias ? tf.unstack(this.bias.read()) : [];
      // The gates z and r and the new state, each [batch, units], from the input and from the state
      const fromX = product(kept(x, this.dropoutMask), this.kernel.read(), {bias: b});
      const fromH = product(h, this.recurrentKernel.read(), {bias: c});
      const [xz, xr, xNew] = tf.split(fromX, 3, 1);
      const [hz, hr, hNew] = tf.split(fromH, 3, 1);
      const z = this.recurrentActivation.apply(tf.add(xz, hz));
      const r = this.recurrentActivation.apply(tf.add(xr, hr));
      const proposed = this.activation.apply(tf.add(xNew, tf.mul(r, hNew)));
      const next = tf.add(tf.mul(z, h), tf.mul(tf.sub(1, z), proposed));
      return [next, next];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), resetAfter: this.resetAfter};
  }

  /** The same masks at each step; the layer disposes them before the next sequence. */
  private makeDropoutMasks(x: tf.Tensor, h: tf.Tensor): void {
    const mask = (like: tf.Tensor, rate: number) =>
      rate > 0 ? tf.keep(tf.dropout(tf.onesLike(like), rate)) : null;
    this.dropoutMask ??= mask(x, this.dropout) as tf.Tensor;
    this.recurrentDropoutMask ??= mask(h, this.recurrentDropout) as tf.Tensor;
  }
}

/** A gated recurrent unit over a sequence: Cho et al. 2014 (arXiv 1406.1078). */
export class GRU extends BuiltInLayer {
  /** @nocollapse */
  static className = 'GRU';

  constructor(args: GRULayerArgs & {resetAfter?: boolean}) {
    const {resetAfter, ...rest} = args;
    super(rest);
    const cell = new GRUCell({...rest, resetAfter, name: this.cell.name});
    (this as {cell: layers.RNNCell}).cell = cell;
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}
