/** How much of each pitch there is in a sound as time goes on, as people hear pitches. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {shortTimeTransform} from '../../operations/fourier.js';
import {matMul} from '../../operations/matrix_product.js';
import {type ArgsOf, OptionsLayer, sizeBy} from '../options_layer.js';

interface MelSpectrogramOptions {
  fftLength: number;
  sequenceStride: number;
  sequenceLength: number | null;
  window: string | null;
  samplingRate: number;
  numMelBins: number;
  minFreq: number;
  maxFreq: number | null;
  powerToDb: boolean;
  topDb: number;
  magExp: number;
  minPower: number;
  refPower: number;
}

/**
 * [batch, samples] → [batch, numMelBins, frames]
 *
 * Source: keras/src/layers/preprocessing/mel_spectrogram.py.
 */
export class MelSpectrogram extends OptionsLayer<MelSpectrogramOptions> {
  /** @nocollapse */
  static className = 'MelSpectrogram';

  /** @throws Error A window that is given by its values. */
  constructor(args: ArgsOf<MelSpectrogramOptions>) {
    super(args, {
      fftLength: 2048,
      sequenceStride: 512,
      sequenceLength: null,
      window: 'hann',
      samplingRate: 16000,
      numMelBins: 128,
      minFreq: 20,
      maxFreq: null,
      powerToDb: true,
      topDb: 80,
      magExp: 2,
      minPower: 1e-10,
      refPower: 1,
    });
    this.supportsMasking = false;
    const {window} = this.options;
    if (!['hann', 'hamming', null].includes(window)) {
      throw this.error(
        `its window must be hann, hamming or none, but is ${JSON.stringify(window)}.`,
      );
    }
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const {fftLength, sequenceStride, sequenceLength, window, magExp, powerToDb} = this.options;
    const [real, imaginary] = shortTimeTransform(tf.cast(x, 'float32'), {
      sequenceLength: sequenceLength || fftLength,
      sequenceStride,
      fftLength,
      window,
      center: true,
    });
    const magnitudes = tf.sqrt(tf.add(tf.square(real), tf.square(imaginary)));
    const mel = matMul(tf.pow(magnitudes, magExp), this.melWeights());
    const y = powerToDb ? this.decibels(mel) : mel;
    return tf.transpose(
      y,
      [...y.shape.keys()].map((i) => (i < y.rank - 2 ? i : 2 * y.rank - 3 - i)),
    );
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    const {fftLength, numMelBins, sequenceStride} = this.options;
    const around = 2 * Math.floor(fftLength / 2) - fftLength;
    const frames = sizeBy(shape.at(-1), (size) => 1 + Math.floor((size + around) / sequenceStride));
    return [...shape.slice(0, -1), numMelBins, frames];
  }

  private decibels(power: tf.Tensor): tf.Tensor {
    const {minPower, refPower, topDb} = this.options;
    const log = tf.mul(tf.log(tf.maximum(power, minPower)), 10 / Math.LN10);
    const relative = tf.sub(log, 10 * Math.log10(Math.max(Math.abs(refPower), minPower)));
    return tf.maximum(relative, tf.sub(tf.max(relative), topDb));
  }

  /** How much of each frequency belongs to each pitch, [fftLength / 2 + 1, numMelBins]: triangles. */
  private melWeights(): tf.Tensor2D {
    const {fftLength, numMelBins, samplingRate, minFreq, maxFreq} = this.options;
    const bins = Math.floor(fftLength / 2) + 1;
    const frequencies = linspace(0, samplingRate / 2, bins).map(mel);
    const highest = maxFreq || Math.floor(samplingRate / 2);
    const edges = linspace(mel(minFreq), mel(highest), numMelBins + 2);
    const values = new Float32Array(bins * numMelBins);
    for (let row = 1; row < bins; row++) {
      for (let col = 0; col < numMelBins; col++) {
        const [lower, center, upper] = edges.slice(col, col + 3);
        const rising = (frequencies[row] - lower) / (center - lower);
        const falling = (upper - frequencies[row]) / (upper - center);
        values[row * numMelBins + col] = Math.max(0, Math.min(rising, falling));
      }
    }
    return tf.tensor2d(values, [bins, numMelBins]);
  }
}

/** The pitch of a frequency in hertz, by the Hidden Markov Model Toolkit. */
const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700);

const linspace = (start: number, stop: number, count: number): number[] =>
  Array.from({length: count}, (_, i) => start + ((stop - start) * i) / (count - 1));
