/** Convolutions of Keras 2 with a kernel of its own for each place. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import {gather} from '../../operations/gradients.js';
import {matMul} from '../../operations/matrix_product.js';
import {type Activation, type ActivationOption, resolveActivation} from '../activations/resolve.js';
import {type DataFormat, isFirst, shapeFromLast, shapeToLast} from '../data_format.js';
import type {DenseOptions} from '../dense_options.js';
import {type ArgsOf, eachOf, OptionsLayer, shapesOf, sizeBy} from '../options_layer.js';
import {addWeightOf, resolveWeightKinds, type WeightKinds} from '../weight_kinds.js';
import {outputLength, type Padding} from './convolve.js';

interface LocallyConnectedOptions {
  filters: number;
  kernelSize: number | number[];
  strides: number | number[];
  padding: Padding;
  dataFormat: DataFormat;
  useBias: boolean;
  /** How the kernel is stored: 1 patches, 2 a whole matrix, 3 its places that count. */
  implementation: 1 | 2 | 3;
}

type Args = ArgsOf<LocallyConnectedOptions> & DenseOptions & {activation?: ActivationOption};

/** All places of a grid, in the order in which they are stored. */
function placesOf(sizes: number[]): number[][] {
  return sizes.reduce<number[][]>(
    (places, size) =>
      places.flatMap((place) => Array.from({length: size}, (_, i) => [...place, i])),
    [[]],
  );
}

/**
 * y[place, filter] = Σ x[patch around place]·kernel[place, patch, filter] + bias[place, filter]
 *
 * Source: layers/locally_connected/ of tf_keras.
 */
abstract class LocallyConnected extends OptionsLayer<LocallyConnectedOptions> {
  private readonly rank: number;
  private readonly sizes: number[];
  private readonly strides: number[];
  private readonly activation: Activation;
  private readonly weightKinds: WeightKinds<'kernel' | 'bias'>;
  private kernel!: LayerVariable;
  private bias: LayerVariable | null = null;
  /** The sizes of the grid of places, of the input and of the output. */
  private from: number[] = [];
  private to: number[] = [];
  private channels = 0;

  constructor(args: Args, rank: number) {
    super(args, {
      filters: 1,
      kernelSize: 1,
      strides: 1,
      padding: 'valid',
      dataFormat: 'channelsLast',
      useBias: true,
      implementation: 1,
    });
    this.rank = rank;
    this.sizes = eachOf(this.options.kernelSize, rank);
    this.strides = eachOf(this.options.strides, rank);
    this.activation = resolveActivation(args.activation);
    this.weightKinds = resolveWeightKinds(args, {kernel: 'glorotUniform', bias: 'zeros'});
    this.supportsMasking = false;
  }

  /** @throws Error A size of the input is open: there is a kernel for each place. */
  override build(inputShape: Shape | Shape[]): void {
    const [shape] = shapesOf(inputShape);
    const [, ...known] = shapeToLast(shape, this.options.dataFormat);
    if (known.length !== this.rank + 1 || known.some((size) => size == null)) {
      throw this.error(
        `the input must have ${this.rank + 2} dimensions, all known but the batch, but is [${shape}].`,
      );
    }
    this.channels = known.at(-1) as number;
    this.from = known.slice(0, -1) as number[];
    this.to = this.from.map((size, i) => this.outputPlaces(size, i));
    const {filters, useBias} = this.options;
    this.kernel = addWeightOf(this, this.weightKinds.kinds.kernel, 'kernel', this.kernelShape());
    if (useBias) {
      this.bias = addWeightOf(this, this.weightKinds.kinds.bias, 'bias', [...this.to, filters]);
    }
    this.built = true;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const activation = this.activation.getClassName();
    return {...super.getConfig(), activation, ...this.weightKinds.saved};
  }

  protected override compute([input]: tf.Tensor[]): tf.Tensor {
    const x = tf.reshape(tf.cast(input, 'float32'), [input.shape[0], -1]);
    const {implementation} = this.options;
    const y = implementation === 1 ? this.byPatches(x) : matMul(x, this.matrix());
    const shape = [input.shape[0], ...this.inFormat(this.to, this.options.filters)];
    const placed = tf.reshape(y, shape);
    if (!this.bias) return this.activation.apply(placed);
    // Not transposed but reshaped where channels are first: so does `bias_add` of Keras 2.
    const bias = tf.reshape(this.bias.read(), shape.slice(1));
    return this.activation.apply(tf.add(placed, bias));
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {dataFormat, filters} = this.options;
    const [batch, ...others] = shapeToLast(shape, dataFormat);
    const places = others
      .slice(0, -1)
      .map((size, i) => sizeBy(size, (known) => this.outputPlaces(known, i)));
    return shapeFromLast([batch, ...places, filters], dataFormat);
  }

  private outputPlaces(size: number, i: number): number {
    return outputLength(size, this.sizes[i], this.strides[i], this.options.padding);
  }

  /** The shape of a grid and its channels, without the batch. */
  private inFormat(places: number[], channels: number): number[] {
    return isFirst(this.options.dataFormat) ? [channels, ...places] : [...places, channels];
  }

  private kernelShape(): number[] {
    const {filters, implementation} = this.options;
    const patch = this.sizes.reduce((product, size) => product * size, this.channels);
    const places = this.to.reduce((product, size) => product * size, 1);
    if (implementation === 1) return [places, patch, filters];
    if (implementation === 3) return [this.connections().length];
    return [...this.inFormat(this.from, this.channels), ...this.inFormat(this.to, filters)];
  }

  /** x [batch, inputs] by the patches of it, [places, batch, patch], → [batch, outputs] */
  private byPatches(x: tf.Tensor): tf.Tensor {
    const places = placesOf(this.to);
    const patches = places.flatMap((place) => this.patchAt(place));
    const gathered = gather(x, tf.tensor1d(patches, 'int32'), 1);
    const split = tf.reshape(gathered, [x.shape[0], places.length, -1]);
    const y = tf.matMul(tf.transpose(split, [1, 0, 2]), this.kernel.read()); // [places, batch, filters]
    return tf.transpose(y, isFirst(this.options.dataFormat) ? [1, 2, 0] : [1, 0, 2]);
  }

  /** What the kernel at a place is multiplied with, in the order of the kernel. */
  private patchAt(place: number[]): number[] {
    const isChannelsFirst = isFirst(this.options.dataFormat);
    return placesOf(this.inFormat(this.sizes, this.channels)).map((each) => {
      const channel = isChannelsFirst ? each[0] : (each.at(-1) as number);
      const offsets = isChannelsFirst ? each.slice(1) : each.slice(0, -1);
      return this.numberOf(
        this.from,
        place.map((at, i) => at * this.strides[i] + offsets[i]),
        channel,
        this.channels,
      );
    });
  }

  /** The number that an element of a grid has, flattened. */
  private numberOf(sizes: number[], place: number[], channel: number, channels: number): number {
    const shape = this.inFormat(sizes, channels);
    return this.inFormat(place, channel).reduce((at, index, i) => at * shape[i] + index, 0);
  }

  /** Each pair of an output and an input of it, in the order of their numbers. */
  private connections(): [output: number, input: number][] {
    const {filters, padding} = this.options;
    const before = this.sizes.map((size) => (padding === 'same' ? Math.floor(size / 2) : 0));
    const range = (count: number) => Array.from({length: count}, (_, i) => i);
    const pairs = placesOf(this.to).flatMap((place) => {
      const inputs = placesOf(this.sizes)
        .map((offsets) =>
          offsets.map((offset, i) => place[i] * this.strides[i] + offset - before[i]),
        )
        .filter((each) => each.every((at, i) => at >= 0 && at < this.from[i]))
        .flatMap((each) =>
          range(this.channels).map((c) => this.numberOf(this.from, each, c, this.channels)),
        );
      return range(filters).flatMap((filter) => {
        const output = this.numberOf(this.to, place, filter, filters);
        return inputs.map((input): [number, number] => [output, input]);
      });
    });
    return pairs.sort(([a, b], [c, d]) => a - c || b - d);
  }

  /** The kernel as a matrix [inputs, outputs], 0 where there is no connection. */
  private matrix(): tf.Tensor {
    const [inputs, outputs] = [
      this.inFormat(this.from, this.channels),
      this.inFormat(this.to, this.options.filters),
    ].map((shape) => shape.reduce((product, size) => product * size, 1));
    const pairs = this.connections();
    const numbers = new Int32Array(inputs * outputs).fill(pairs.length);
    for (const [i, [output, input]] of pairs.entries()) numbers[input * outputs + output] = i;
    if (this.options.implementation === 3) {
      const values = tf.concat([this.kernel.read(), tf.zeros([1])]);
      return tf.reshape(gather(values, tf.tensor1d(numbers, 'int32'), 0), [inputs, outputs]);
    }
    const mask = Float32Array.from(numbers, (i) => (i < pairs.length ? 1 : 0));
    return tf.mul(
      tf.reshape(this.kernel.read(), [inputs, outputs]),
      tf.tensor2d(mask, [inputs, outputs]),
    );
  }
}

export class LocallyConnected1D extends LocallyConnected {
  /** @nocollapse */
  static className = 'LocallyConnected1D';

  constructor(args: Args) {
    super(args, 1);
  }
}

export class LocallyConnected2D extends LocallyConnected {
  /** @nocollapse */
  static className = 'LocallyConnected2D';

  constructor(args: Args) {
    super(args, 2);
  }
}
