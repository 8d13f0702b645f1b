/**
 * The convolutions of Keras with all their options: strides, dilation and groups at once, causal
 * padding, channels first. They take the places of those that tfjs has.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import {type Activation, type ActivationOption, resolveActivation} from '../activations/resolve.js';
import {addBias} from '../bias.js';
import {
  type DataFormat,
  fromLast,
  isFirst,
  shapeFromLast,
  shapeToLast,
  toLast,
} from '../data_format.js';
import type {DenseOptions} from '../dense_options.js';
import {
  type ArgsOf,
  type CallArgs,
  eachOf,
  OptionsLayer,
  shapesOf,
  sizeBy,
} from '../options_layer.js';
import {addWeightOf, resolveWeightKinds, type WeightKinds} from '../weight_kinds.js';
import {convolve, convolveTransposed, extent, outputLength, type Padding} from './convolve.js';

interface ConvolutionOptions {
  filters: number;
  kernelSize: number | number[];
  strides: number | number[];
  padding: Padding;
  dataFormat: DataFormat;
  dilationRate: number | number[];
  groups: number;
  useBias: boolean;
  outputPadding: number | number[] | null;
  depthMultiplier: number;
  /** Whether a bias is added as Keras 3 does since 3.7 (`../bias.ts`). */
  guessesBiasAxis: boolean;
}

type ConvolutionArgs = ArgsOf<ConvolutionOptions> & DenseOptions & {activation?: ActivationOption};

const DEFAULTS: ConvolutionOptions = {
  filters: 1,
  kernelSize: 1,
  strides: 1,
  padding: 'valid',
  dataFormat: 'channelsLast',
  dilationRate: 1,
  groups: 1,
  useBias: true,
  outputPadding: null,
  depthMultiplier: 1,
  guessesBiasAxis: false,
};

/** Which options a class has besides those that all have. */
type Own = 'filters' | 'groups' | 'outputPadding' | 'depthMultiplier';

interface Kind {
  rank: number;
  own: readonly Own[];
  /** The kinds of its weights but for the bias, with their default initialisers. */
  kernels: Record<string, string>;
}

const glorot = 'glorotUniform';

/** What all convolutions share: their options, bias, activation and the shape of the output. */
abstract class ConvolutionLayer extends OptionsLayer<ConvolutionOptions> {
  protected readonly sizes: number[];
  protected readonly strides: number[];
  protected readonly dilations: number[];
  protected readonly activation: Activation;
  protected readonly weightKinds: WeightKinds<string>;
  private readonly kind: Kind;
  private bias: LayerVariable | null = null;
  private builtShape?: Shape;

  constructor(args: ConvolutionArgs, kind: Kind) {
    super(args, DEFAULTS);
    this.kind = kind;
    this.sizes = eachOf(this.options.kernelSize, kind.rank);
    this.strides = eachOf(this.options.strides, kind.rank);
    this.dilations = eachOf(this.options.dilationRate, kind.rank);
    this.activation = resolveActivation(args.activation);
    this.weightKinds = resolveWeightKinds(args, {...kind.kernels, bias: 'zeros'});
    this.supportsMasking = false;
  }

  /** @throws Error The input has another rank, or a number of channels that is unknown or does not fit. */
  override build(inputShape: Shape | Shape[]): void {
    const [shape] = shapesOf(inputShape);
    const {rank} = this.kind;
    if (shape.length !== rank + 2) {
      throw this.error(`the input must have ${rank + 2} dimensions, but is [${shape}].`);
    }
    const channels = shapeToLast(shape, this.options.dataFormat).at(-1);
    if (channels == null) throw this.error('the number of channels must be known.');
    this.buildKernels(channels);
    if (this.options.guessesBiasAxis) this.builtShape = this.shapeOf([shape]);
    if (this.options.useBias) this.bias = this.add('bias', [this.outputChannels(channels)]);
    this.built = true;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const left = (['filters', 'groups', 'outputPadding', 'depthMultiplier'] as const).filter(
      (name) => !this.kind.own.includes(name),
    );
    const config = {
      ...super.getConfig(),
      activation: this.activation.getClassName(),
      ...this.weightKinds.saved,
    };
    return Object.fromEntries(
      Object.entries(config).filter(([name]) => !left.includes(name as Own)),
    );
  }

  protected abstract buildKernels(channels: number): void;

  /** x with channels last to the output before the bias. */
  protected abstract convolved(x: tf.Tensor, training?: boolean): tf.Tensor;

  protected outputChannels(_channels: number): number {
    return this.options.filters;
  }

  protected outputPlaces(size: number, i: number): number {
    const kernel = extent(this.sizes[i], this.dilations[i]);
    return outputLength(size, kernel, this.strides[i], this.options.padding);
  }

  protected override compute([input]: tf.Tensor[], {training}: CallArgs): tf.Tensor {
    const {dataFormat} = this.options;
    const x = toLast(tf.cast(input, 'float32'), dataFormat);
    const y = fromLast(this.convolved(x, training), dataFormat);
    return this.activation.apply(this.bias ? this.biased(y, this.bias.read()) : y);
  }

  private biased(y: tf.Tensor, bias: tf.Tensor): tf.Tensor {
    const channelsFirst = isFirst(this.options.dataFormat);
    const spread = channelsFirst ? tf.reshape(bias, [-1, ...this.sizes.map(() => 1)]) : bias;
    return addBias(y, spread, this.builtShape);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {dataFormat} = this.options;
    const [batch, ...others] = shapeToLast(shape, dataFormat);
    const places = others
      .slice(0, -1)
      .map((size, i) => sizeBy(size, (known) => this.outputPlaces(known, i)));
    const channels = this.outputChannels(others.at(-1) as number);
    return shapeFromLast([batch, ...places, channels], dataFormat);
  }

  protected add(name: string, shape: number[], kind = name): LayerVariable {
    return addWeightOf(this, this.weightKinds.kinds[kind], name, shape);
  }
}

/** An ordinary convolution. */
abstract class Conv extends ConvolutionLayer {
  private kernel!: LayerVariable;

  constructor(args: ConvolutionArgs, rank: number) {
    super(args, {rank, own: ['filters', 'groups'], kernels: {kernel: glorot}});
  }

  protected override buildKernels(channels: number): void {
    const {filters, groups} = this.options;
    if (channels % groups !== 0 || filters % groups !== 0) {
      throw this.error(
        `groups, ${groups}, must divide its ${channels} channels and ${filters} filters.`,
      );
    }
    this.kernel = this.add('kernel', [...this.sizes, channels / groups, filters]);
  }

  protected override convolved(x: tf.Tensor, training?: boolean): tf.Tensor {
    const {padding, groups} = this.options;
    const {strides, dilations} = this;
    return convolve(x, this.kernel.read(), {strides, dilations, padding, groups, training});
  }
}

/** A convolution that makes more places of fewer: what the gradient of an ordinary one is. */
abstract class ConvTranspose extends ConvolutionLayer {
  private kernel!: LayerVariable;

  constructor(args: ConvolutionArgs, rank: number) {
    super(args, {rank, own: ['filters', 'outputPadding'], kernels: {kernel: glorot}});
  }

  protected override buildKernels(channels: number): void {
    this.kernel = this.add('kernel', [...this.sizes, this.options.filters, channels]);
  }

  /** Source: compute_conv_transpose_output_shape of Keras 3. */
  protected override outputPlaces(size: number, i: number): number {
    const {padding, outputPadding} = this.options;
    const kernel = extent(this.sizes[i], this.dilations[i]);
    const stride = this.strides[i];
    const more = outputPadding === null ? null : eachOf(outputPadding, this.sizes.length)[i];
    if (padding === 'same') {
      return more === null ? size * stride : (size - 1) * stride + (kernel % 2) + more;
    }
    return (size - 1) * stride + kernel + (more ?? Math.max(stride - kernel, 0));
  }

  protected override convolved(x: tf.Tensor, training?: boolean): tf.Tensor {
    const {strides, dilations} = this;
    const places = x.shape.slice(1, -1).map((size, i) => this.outputPlaces(size, i));
    const {padding} = this.options;
    const isOneDimensional = this.sizes.length === 1;
    if (!isOneDimensional) {
      const options = {strides, dilations, padding, places, training};
      return convolveTransposed(x, this.kernel.read(), options);
    }
    const options = {
      strides: [1, strides[0]],
      dilations: [1, dilations[0]],
      padding,
      places: [1, places[0]],
      training,
    };
    const kernel = tf.expandDims(this.kernel.read(), 0);
    return tf.squeeze(convolveTransposed(tf.expandDims(x, 1), kernel, options), [1]);
  }
}

/** Each channel convolved by itself, with `depthMultiplier` kernels. */
abstract class DepthwiseConv extends ConvolutionLayer {
  private kernel!: LayerVariable;

  constructor(args: ConvolutionArgs, rank: number) {
    super(args, {rank, own: ['depthMultiplier'], kernels: {depthwise: glorot}});
  }

  protected override buildKernels(channels: number): void {
    const shape = [...this.sizes, channels, this.options.depthMultiplier];
    this.kernel = this.add('depthwise_kernel', shape, 'depthwise');
  }

  protected override outputChannels(channels: number): number {
    return channels * this.options.depthMultiplier;
  }

  protected override convolved(x: tf.Tensor, training?: boolean): tf.Tensor {
    const {strides, dilations} = this;
    const {padding} = this.options;
    const kernel = perGroup(this.kernel.read());
    const groups = x.shape.at(-1) as number;
    return convolve(x, kernel, {strides, dilations, padding, groups, training});
  }
}

/** A depthwise kernel [...sizes, channels, multiplier] as that of a convolution in groups. */
function perGroup(kernel: tf.Tensor): tf.Tensor {
  const [channels, multiplier] = kernel.shape.slice(-2);
  return tf.reshape(kernel, [...kernel.shape.slice(0, -2), 1, channels * multiplier]);
}

/** A depthwise convolution, and then one over the channels alone. */
abstract class SeparableConv extends ConvolutionLayer {
  private depthwise!: LayerVariable;
  private pointwise!: LayerVariable;

  constructor(args: ConvolutionArgs, rank: number) {
    const kernels = {depthwise: glorot, pointwise: glorot};
    super(args, {rank, own: ['filters', 'depthMultiplier'], kernels});
  }

  protected override buildKernels(channels: number): void {
    const {filters, depthMultiplier} = this.options;
    const depthwise = [...this.sizes, channels, depthMultiplier];
    const pointwise = [...this.sizes.map(() => 1), channels * depthMultiplier, filters];
    this.depthwise = this.add('depthwise_kernel', depthwise, 'depthwise');
    this.pointwise = this.add('pointwise_kernel', pointwise, 'pointwise');
  }

  protected override convolved(x: tf.Tensor, training?: boolean): tf.Tensor {
    const {strides, dilations} = this;
    const {padding} = this.options;
    const kernel = perGroup(this.depthwise.read());
    const groups = x.shape.at(-1) as number;
    const y = convolve(x, kernel, {strides, dilations, padding, groups, training});
    const ones = strides.map(() => 1);
    const options = {
      strides: ones,
      dilations: ones,
      padding: 'valid' as const,
      groups: 1,
      training,
    };
    return convolve(y, this.pointwise.read(), options);
  }
}

export class Conv1D extends Conv {
  /** @nocollapse */
  static className = 'Conv1D';
  constructor(args: ConvolutionArgs) {
    super(args, 1);
  }
}

export class Conv2D extends Conv {
  /** @nocollapse */
  static className = 'Conv2D';
  constructor(args: ConvolutionArgs) {
    super(args, 2);
  }
}

export class Conv3D extends Conv {
  /** @nocollapse */
  static className = 'Conv3D';
  constructor(args: ConvolutionArgs) {
    super(args, 3);
  }
}

export class Conv1DTranspose extends ConvTranspose {
  /** @nocollapse */
  static className = 'Conv1DTranspose';
  constructor(args: ConvolutionArgs) {
    super(args, 1);
  }
}

export class Conv2DTranspose extends ConvTranspose {
  /** @nocollapse */
  static className = 'Conv2DTranspose';
  constructor(args: ConvolutionArgs) {
    super(args, 2);
  }
}

export class Conv3DTranspose extends ConvTranspose {
  /** @nocollapse */
  static className = 'Conv3DTranspose';
  constructor(args: ConvolutionArgs) {
    super(args, 3);
  }
}

export class DepthwiseConv1D extends DepthwiseConv {
  /** @nocollapse */
  static className = 'DepthwiseConv1D';
  constructor(args: ConvolutionArgs) {
    super(args, 1);
  }
}

export class DepthwiseConv2D extends DepthwiseConv {
  /** @nocollapse */
  static className = 'DepthwiseConv2D';
  constructor(args: ConvolutionArgs) {
    super(args, 2);
  }
}

export class SeparableConv1D extends SeparableConv {
  /** @nocollapse */
  static className = 'SeparableConv1D';
  constructor(args: ConvolutionArgs) {
    super(args, 1);
  }
}

export class SeparableConv2D extends SeparableConv {
  /** @nocollapse */
  static className = 'SeparableConv2D';
  constructor(args: ConvolutionArgs) {
    super(args, 2);
  }
}
