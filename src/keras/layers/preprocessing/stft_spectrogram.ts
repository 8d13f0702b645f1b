/** The short-time Fourier transform of a signal, its waves the kernels of a convolution. */
import * as tf from '@tensorflow/tfjs-core';
import {initializers, type LayerVariable, type Shape} from '@tensorflow/tfjs-layers';
import {convolve, outputLength} from '../convolution/convolve.js';
import {type DataFormat, isFirst, shapeToLast, toLast} from '../data_format.js';
import {type ArgsOf, type CallArgs, OptionsLayer, shapesOf, sizeBy} from '../options_layer.js';

interface StftSpectrogramOptions {
  mode: 'log' | 'magnitude' | 'psd' | 'real' | 'imag' | 'angle' | 'stft';
  frameLength: number;
  frameStep: number | null;
  fftLength: number | null;
  /** It and the next two say what the kernels are before they have learned. */
  window: string | number[];
  periodic: boolean;
  scaling: string | null;
  padding: 'valid' | 'same';
  expandDims: boolean;
  dataFormat: DataFormat;
}

/** What Keras takes the logarithm of at least, and the root. */
const LEAST = 1e-7;

/**
 * [batch, samples, channels] → [batch, frames, channels·frequencies], or with `expandDims`
 * [batch, frames, frequencies, channels]. The kernels are weights, which a model's file has.
 *
 * Source: keras/src/layers/preprocessing/stft_spectrogram.py.
 */
export class STFTSpectrogram extends OptionsLayer<StftSpectrogramOptions> {
  /** @nocollapse */
  static className = 'STFTSpectrogram';

  private readonly frameStep: number;
  private readonly frequencies: number;
  private realKernel: LayerVariable | null = null;
  private imagKernel: LayerVariable | null = null;

  constructor(args: ArgsOf<StftSpectrogramOptions>) {
    super(args, {
      mode: 'log',
      frameLength: 256,
      frameStep: null,
      fftLength: null,
      window: 'hann',
      periodic: false,
      scaling: 'density',
      padding: 'valid',
      expandDims: false,
      dataFormat: 'channelsLast',
    });
    this.supportsMasking = false;
    const {frameLength, frameStep, fftLength} = this.options;
    this.frameStep = frameStep || Math.floor(frameLength / 2);
    const length = fftLength || 2 ** Math.ceil(Math.log2(frameLength));
    this.frequencies = Math.floor(length / 2) + 1;
  }

  /** @throws Error The input has another rank than 3. */
  override build(inputShape: Shape | Shape[]): void {
    const [shape] = shapesOf(inputShape);
    if (shape.length !== 3)
      throw this.error(`the input must have 3 dimensions, but is [${shape}].`);
    const {mode, frameLength} = this.options;
    const kernel = (name: string) =>
      this.addWeight(name, [frameLength, 1, this.frequencies], 'float32', initializers.zeros());
    if (mode !== 'imag') this.realKernel = kernel('real_kernel');
    if (mode !== 'real') this.imagKernel = kernel('imag_kernel');
    this.built = true;
  }

  protected override compute([input]: tf.Tensor[], {training}: CallArgs): tf.Tensor {
    const {dataFormat, mode} = this.options;
    const x = toLast(tf.cast(input, 'float32'), dataFormat);
    const [real, imaginary] = [this.realKernel, this.imagKernel].map((kernel) =>
      kernel ? this.transformed(x, kernel.read(), training) : x,
    );
    if (mode === 'real') return this.arranged(real);
    if (mode === 'imag') return this.arranged(imaginary);
    if (mode === 'angle') return this.arranged(tf.atan2(imaginary, real));
    if (mode === 'stft') return this.arranged(tf.concat([real, imaginary], -1));
    const power = tf.add(tf.square(real), tf.square(imaginary));
    if (mode === 'psd') return this.arranged(tf.mul(power, this.bothSides()));
    const magnitude = tf.sqrt(tf.maximum(power, LEAST));
    return this.arranged(mode === 'log' ? tf.log(tf.maximum(magnitude, LEAST)) : magnitude);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {dataFormat, expandDims, frameLength, mode, padding} = this.options;
    const [batch, samples, channels] = shapeToLast(shape, dataFormat);
    const frequencies = this.frequencies * (mode === 'stft' ? 2 : 1);
    const frames = sizeBy(samples, (size) =>
      outputLength(size, frameLength, this.frameStep, padding),
    );
    const features = sizeBy(channels, (count) => count * frequencies);
    if (isFirst(dataFormat)) {
      return expandDims ? [batch, channels, frames, frequencies] : [batch, features, frames];
    }
    return expandDims ? [batch, frames, frequencies, channels] : [batch, frames, features];
  }

  /** Each channel by itself: [batch, samples, channels] → [batch, channels, frames, frequencies] */
  private transformed(x: tf.Tensor, kernel: tf.Tensor, training?: boolean): tf.Tensor {
    const [batch, samples, channels] = x.shape;
    const signals = tf.reshape(tf.transpose(x, [0, 2, 1]), [batch * channels, samples, 1]);
    const y = convolve(signals, kernel, {
      strides: [this.frameStep],
      dilations: [1],
      padding: this.options.padding,
      groups: 1,
      training,
    });
    return tf.reshape(y, [batch, channels, ...y.shape.slice(1)]);
  }

  /** The power of a frequency is that of its mirror image as well; the first and the last have none. */
  private bothSides(): tf.Tensor1D {
    const last = this.frequencies - 1;
    return tf.tensor1d(Array.from({length: last + 1}, (_, i) => (i === 0 || i === last ? 1 : 2)));
  }

  /** [batch, channels, frames, frequencies] in the form that the options want. */
  private arranged(y: tf.Tensor): tf.Tensor {
    const {dataFormat, expandDims} = this.options;
    const [batch, channels, frames, frequencies] = y.shape;
    if (expandDims) return isFirst(dataFormat) ? y : tf.transpose(y, [0, 2, 3, 1]);
    if (isFirst(dataFormat)) {
      return tf.reshape(tf.transpose(y, [0, 1, 3, 2]), [batch, channels * frequencies, frames]);
    }
    return tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [batch, frames, channels * frequencies]);
  }
}
