/**
 * LSTM whose products are convolutions, over one, two or three dimensions; tfjs has it of two, without
 * masks, and without some of the options.
 */
import * as tf from '@tensorflow/tfjs-core';
import {InputSpec, type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {type Activation, type ActivationOption, resolveActivation} from './activations/resolve.js';
import {convolve, extent, outputLength, type Padding} from './convolution/convolve.js';
import {
  type DataFormat,
  fromLast,
  isFirst,
  shapeFromLast,
  shapeToLast,
  toLast,
} from './data_format.js';
import {type CallArgs, eachOf, type LayerArgs, sizeBy} from './options_layer.js';
import {withKerasSteps} from './recurrent.js';
import {addWeightOf, resolveWeightKinds, type WeightKinds} from './weight_kinds.js';

interface CellArgs extends LayerArgs {
  filters: number;
  kernelSize: number | number[];
  strides?: number | number[];
  padding?: Padding;
  dataFormat?: DataFormat | null;
  dilationRate?: number | number[];
  activation?: ActivationOption;
  recurrentActivation?: ActivationOption;
  useBias?: boolean;
  unitForgetBias?: boolean;
  dropout?: number;
  recurrentDropout?: number;
}

export interface ConvLSTMArgs extends CellArgs {
  returnSequences?: boolean;
  returnState?: boolean;
  goBackwards?: boolean;
  stateful?: boolean;
  zeroOutputForMask?: boolean;
}

/** The gates i, f and o and what is proposed for the carry. */
const GATES = 4;

/**
 * One step: with the input x and the states h and c
 *
 *     i, f, g, o = x∗K + b + h∗R      c ← σ(f)·c + σ(i)·tanh(g)      h ← σ(o)·tanh(c)
 *
 * Source: keras/src/layers/rnn/conv_lstm.py; Shi et al. 2015 (arXiv 1506.04214).
 */
class ConvLSTMCell extends layers.RNNCell {
  /** @nocollapse */
  static className = 'ConvLSTMCell';

  readonly stateSize: number[];

  private readonly sizes: number[];
  private readonly strides: number[];
  private readonly dilations: number[];
  private readonly padding: Padding;
  private readonly dataFormat: DataFormat;
  private readonly activation: Activation;
  private readonly recurrentActivation: Activation;
  private readonly weightKinds: WeightKinds<'kernel' | 'recurrent' | 'bias'>;
  private kernel!: LayerVariable;
  private recurrentKernel!: LayerVariable;
  private bias: LayerVariable | null = null;

  constructor(
    private readonly args: CellArgs,
    rank: number,
  ) {
    super({name: 'conv_lstm_cell'});
    this.stateSize = [args.filters, args.filters];
    this.sizes = eachOf(args.kernelSize, rank);
    this.strides = eachOf(args.strides ?? 1, rank);
    this.dilations = eachOf(args.dilationRate ?? 1, rank);
    this.padding = args.padding ?? 'valid';
    this.dataFormat = args.dataFormat ?? 'channelsLast';
    this.activation = resolveActivation(args.activation ?? 'tanh');
    this.recurrentActivation = resolveActivation(args.recurrentActivation ?? 'sigmoid');
    const defaults = {kernel: 'glorotUniform', recurrent: 'orthogonal', bias: 'zeros'};
    this.weightKinds = resolveWeightKinds(args, defaults);
  }

  /** @throws Error The number of channels is not known. */
  override build(inputShape: Shape | Shape[]): void {
    const channels = shapeToLast(inputShape as Shape, this.dataFormat).at(-1);
    if (channels == null) throw new Error(`${this.name}: the number of channels must be known.`);
    const {kinds} = this.weightKinds;
    const {filters, useBias = true} = this.args;
    const gates = GATES * filters;
    const add = (kind: 'kernel' | 'recurrent' | 'bias', name: string, shape: number[]) =>
      addWeightOf(this, kinds[kind], name, shape);
    this.kernel = add('kernel', 'kernel', [...this.sizes, channels, gates]);
    this.recurrentKernel = add('recurrent', 'recurrent_kernel', [...this.sizes, filters, gates]);
    if (useBias) this.bias = add('bias', 'bias', [gates]);
    this.built = true;
  }

  /** @param inputs x [batch, …places, channels], h and c [batch, …places, filters], or channels first */
  override call(inputs: tf.Tensor | tf.Tensor[], {training}: CallArgs): tf.Tensor[] {
    return tf.tidy(() => {
      const [x, h, c] = inputs as tf.Tensor[];
      if (training) this.makeDropoutMasks(x, h);
      const {strides, dilations, padding} = this;
      const ones = strides.map(() => 1);
      const fromX = this.gates(
        x,
        this.dropoutMask as tf.Tensor[] | null,
        this.kernel.read(),
        (part, kernel) =>
          convolve(part, kernel, {strides, dilations, padding, groups: 1, training}),
      );
      const fromH = this.gates(
        h,
        this.recurrentDropoutMask as tf.Tensor[] | null,
        this.recurrentKernel.read(),
        (part, kernel) =>
          convolve(part, kernel, {
            strides: ones,
            dilations: ones,
            padding: 'same',
            groups: 1,
            training,
          }),
      );
      const biased = this.bias ? tf.add(fromX, this.bias.read()) : fromX;
      const all = fromLast(tf.add(biased, fromH), this.dataFormat);
      const [i, f, proposed, o] = tf.split(all, GATES, isFirst(this.dataFormat) ? 1 : all.rank - 1);
      const gate = (values: tf.Tensor) => this.recurrentActivation.apply(values);
      const kept = tf.mul(gate(f), c);
      const carry = tf.add(kept, tf.mul(gate(i), this.activation.apply(proposed)));
      const next = tf.mul(gate(o), this.activation.apply(carry));
      return [next, next, carry];
    });
  }

  /** The options of the layer, but for those that every layer has. */
  override getConfig(): tf.serialization.ConfigDict {
    const {
      filters,
      useBias = true,
      unitForgetBias = true,
      dropout = 0,
      recurrentDropout = 0,
    } = this.args;
    return {
      ...super.getConfig(),
      filters,
      kernelSize: [...this.sizes],
      strides: [...this.strides],
      padding: this.padding,
      dataFormat: this.dataFormat,
      dilationRate: [...this.dilations],
      activation: this.activation.getClassName(),
      recurrentActivation: this.recurrentActivation.getClassName(),
      useBias,
      unitForgetBias,
      dropout,
      recurrentDropout,
      ...this.weightKinds.saved,
    };
  }

  /** The shape of the states for that of the input at one step. */
  stateShape(inputShape: Shape): Shape {
    const [batch, ...others] = shapeToLast(inputShape, this.dataFormat);
    const places = others
      .slice(0, -1)
      .map((size, i) =>
        sizeBy(size, (known) =>
          outputLength(
            known,
            extent(this.sizes[i], this.dilations[i]),
            this.strides[i],
            this.padding,
          ),
        ),
      );
    return shapeFromLast([batch, ...places, this.args.filters], this.dataFormat);
  }

  /** x convolved, with its channels last; where each gate has a mask of its own, gate by gate. */
  private gates(
    x: tf.Tensor,
    masks: tf.Tensor[] | null,
    kernel: tf.Tensor,
    convolved: (x: tf.Tensor, kernel: tf.Tensor) => tf.Tensor,
  ): tf.Tensor {
    if (!masks) return convolved(toLast(x, this.dataFormat), kernel);
    const kernels = tf.split(kernel, GATES, -1);
    const parts = masks.map((mask, i) =>
      convolved(toLast(tf.mul(x, mask), this.dataFormat), kernels[i]),
    );
    return tf.concat(parts, -1);
  }

  /** For each gate, the same at each step; the layer disposes them before the next sequence. */
  private makeDropoutMasks(x: tf.Tensor, h: tf.Tensor): void {
    const {dropout = 0, recurrentDropout = 0} = this.args;
    const masks = (like: tf.Tensor, rate: number) =>
      rate > 0
        ? Array.from({length: GATES}, () => tf.keep(tf.dropout(tf.onesLike(like), rate)))
        : null;
    this.dropoutMask ??= masks(x, dropout) as tf.Tensor[];
    this.recurrentDropoutMask ??= masks(h, recurrentDropout) as tf.Tensor[];
  }
}

// tfjs exports the factory, but not the class.
type BuiltIn = ReturnType<typeof layers.convLstm2d>;
const BuiltIn = withKerasSteps(
  layers.convLstm2d({filters: 1, kernelSize: 1}).constructor as (new (
    args: object,
  ) => BuiltIn) & {fromConfig: typeof layers.Layer.fromConfig},
);

/** What of tfjs's class its types keep to themselves. */
interface Parts {
  cell: ConvLSTMCell;
  stateSpec: unknown;
  returnSequences: boolean;
  returnState: boolean;
}

/** Over [batch, steps, …places, channels], or [batch, steps, channels, …places]. */
abstract class ConvLSTM extends BuiltIn {
  constructor(args: ConvLSTMArgs, rank: number) {
    // tfjs's own cell, which this one takes the place of, is given options that it knows.
    const ofCell = {kernelSize: 1, strides: 1, padding: 'valid', dilationRate: 1};
    super({...args, ...ofCell});
    this.parts.cell = new ConvLSTMCell(args, rank);
    this.inputSpec = [new InputSpec({ndim: rank + 3})];
  }

  override build(inputShape: Shape | Shape[]): void {
    this.parts.stateSpec = null; // where channels are first, tfjs would compare it with another axis
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [[batch, steps, ...others]] = (
      Array.isArray(inputShape[0]) ? inputShape : [inputShape]
    ) as Shape[];
    const state = this.parts.cell.stateShape([batch, ...others]);
    const output = this.parts.returnSequences ? [batch, steps, ...state.slice(1)] : state;
    return this.parts.returnState ? [output, state, [...state]] : output;
  }

  /** What tfjs's class asks for the shape of the states: [batch, steps, …state]. */
  protected override computeSingleOutputShape([batch, steps, ...others]: Shape): Shape {
    return [batch, steps, ...this.parts.cell.stateShape([batch, ...others]).slice(1)];
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }

  private get parts(): Parts {
    return this as unknown as Parts;
  }
}

export class ConvLSTM1D extends ConvLSTM {
  /** @nocollapse */
  static className = 'ConvLSTM1D';
  constructor(args: ConvLSTMArgs) {
    super(args, 1);
  }
}

export class ConvLSTM2D extends ConvLSTM {
  /** @nocollapse */
  static className = 'ConvLSTM2D';
  constructor(args: ConvLSTMArgs) {
    super(args, 2);
  }
}

export class ConvLSTM3D extends ConvLSTM {
  /** @nocollapse */
  static className = 'ConvLSTM3D';
  constructor(args: ConvLSTMArgs) {
    super(args, 3);
  }
}
