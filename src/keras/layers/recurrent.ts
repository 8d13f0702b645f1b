/**
 * tfjs's recurrent layers, which take the built-ins' places, with Keras's rules for masks and with
 * arguments of their own. tfjs hands all layers of a model one and the same object of arguments, in
 * which a layer with initial states leaves them: the next recurrent layer then takes them for its
 * own, or throws.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {shapesOf} from './options_layer.js';
import {inOtherOrder, runOverSteps, type StepsOptions} from './recurrent_steps.js';
import {layerOf, type SavedClass} from './saved_class.js';

type Layer = layers.Layer;
type Apply = Layer['apply'];

// biome-ignore lint/suspicious/noExplicitAny: a mixin's base must take any arguments
type Base = (new (...args: any[]) => Layer) & {fromConfig: typeof layers.Layer.fromConfig};

/** A layer's class whose calls do not see what the calls of other layers leave in their arguments. */
function withOwnArguments<T extends Base>(Built: T): T {
  return class extends Built {
    override apply(inputs: Parameters<Apply>[0], kwargs?: Parameters<Apply>[1]): ReturnType<Apply> {
      if (!Array.isArray(inputs)) return super.apply(inputs, {...kwargs});
      // The states come in the list: others can be none of this call.
      const {initialState: _, constants: __, ...own} = kwargs ?? {};
      return super.apply(inputs, own);
    }
  };
}

/** A class that runs a cell over the steps of its input. Options: `zeroOutputForMask`, `unroll`. */
export function withKerasSteps<T extends Base>(Built: T): T {
  return class extends withOwnArguments(Built) implements StepsOptions {
    zeroOutputForMask: boolean;
    unrolled: boolean;

    // biome-ignore lint/suspicious/noExplicitAny: a mixin's constructor must take any arguments
    constructor(...args: any[]) {
      const [{zeroOutputForMask = false, unroll = false, ...rest}] = args;
      super(rest);
      this.zeroOutputForMask = zeroOutputForMask;
      this.unrolled = unroll;
    }

    /** The initial values that tfjs makes in parts, of a forget gate's bias, are left in memory otherwise. */
    override build(inputShape: Shape | Shape[]): void {
      tf.tidy(() => super.build(inputShape));
    }

    override call(inputs: tf.Tensor | tf.Tensor[], kwargs: object): tf.Tensor | tf.Tensor[] {
      return runOverSteps(this, inputs, kwargs);
    }

    override getConfig(): tf.serialization.ConfigDict {
      const {zeroOutputForMask, unrolled: unroll} = this;
      return {...super.getConfig(), unroll, ...(zeroOutputForMask && {zeroOutputForMask})};
    }
  };
}

// tfjs exports factories, but not their classes.
const classOf = (layer: Layer) => layer.constructor as Base;
const cell = () => layers.simpleRNNCell({units: 1});
const units = {units: 1};

export class LSTM extends withKerasSteps(classOf(layers.lstm(units))) {
  /** @nocollapse */
  static className = 'LSTM';
}

export class SimpleRNN extends withKerasSteps(classOf(layers.simpleRNN(units))) {
  /** @nocollapse */
  static className = 'SimpleRNN';
}

/** A cell of several, or one that is none of these. */
type Stacked = {cells?: layers.RNNCell[]};

const BuiltInRNN = classOf(layers.rnn({cell: cell()}));

export class RNN extends withKerasSteps(BuiltInRNN) {
  /** @nocollapse */
  static className = 'RNN';

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    // The built-in puts the cell that it makes into the config, which a Bidirectional uses twice.
    return BuiltInRNN.fromConfig(cls, {...config});
  }

  /** The shape of the output, then of the states in Keras's order. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const shapes = super.computeOutputShape(inputShape);
    const {cell, returnState} = this as unknown as {cell: Stacked; returnState: boolean};
    if (!returnState) return shapes;
    const [output, ...states] = shapesOf(shapes);
    return [output, ...inOtherOrder(cell, states, false)];
  }
}

const BuiltInBidirectional = withOwnArguments(
  classOf(layers.bidirectional({layer: layers.simpleRNN(units), mergeMode: 'concat'})),
);

/** What tfjs's class has that its types do not say. */
type Ways = Record<'forwardLayer' | 'backwardLayer', Layer & Partial<StepsOptions>> & {
  mergeMode: string | null;
};

/**
 * A recurrent layer in both directions. Unlike tfjs's it may have a layer of another kind for the way
 * back, `backwardLayer`; both give 0 at masked steps, as Keras has them do.
 */
export class Bidirectional extends BuiltInBidirectional {
  /** @nocollapse */
  static className = 'Bidirectional';

  private readonly savedBackward?: SavedClass;

  constructor(args: {layer: Layer; backwardLayer?: SavedClass}) {
    super(args);
    const ways = this as unknown as Ways;
    this.savedBackward = args.backwardLayer;
    if (args.backwardLayer) {
      ways.backwardLayer = layerOf(args.backwardLayer, this.name);
    }
    const {returnSequences = false} = args.layer as {returnSequences?: boolean};
    for (const layer of [ways.forwardLayer, ways.backwardLayer]) {
      layer.zeroOutputForMask = returnSequences;
    }
  }

  /** The shapes of the outputs, then of the states forward and of those backward. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const {forwardLayer, backwardLayer, mergeMode} = this as unknown as Ways;
    const [[forward, ...states], [backward, ...others]] = [forwardLayer, backwardLayer].map(
      (layer) => shapesOf(layer.computeOutputShape(inputShape)),
    );
    const width = (forward.at(-1) as number) + (backward.at(-1) as number);
    const merged: Shape = mergeMode === 'concat' ? [...forward.slice(0, -1), width] : forward;
    const outputs = mergeMode === null ? [forward, backward] : [merged];
    const all = [...outputs, ...states, ...others];
    return all.length === 1 ? all[0] : all;
  }

  /** That of each output; the states have none, of which either way may have another number. */
  override computeMask(
    inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor | tf.Tensor[] {
    const masks = [super.computeMask(inputs, mask)].flat();
    const shapes = this.computeOutputShape([inputs].flat()[0].shape);
    if (!Array.isArray(shapes[0])) return masks[0];
    return shapes.map((_, i) => masks[i] ?? (null as unknown as tf.Tensor));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {savedBackward} = this;
    return {...super.getConfig(), ...(savedBackward && {backwardLayer: savedBackward})};
  }
}
