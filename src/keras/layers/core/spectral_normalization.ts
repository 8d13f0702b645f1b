/** A layer whose kernel is divided by its largest singular value at each step of training. */
import * as tf from '@tensorflow/tfjs-core';
import {initializers, type LayerVariable, type layers, type Shape} from '@tensorflow/tfjs-layers';
import {KerasLayer} from '../keras_layer.js';
import type {CallArgs, LayerArgs} from '../options_layer.js';
import {layerOf, type SavedClass} from '../saved_class.js';

export interface SpectralNormalizationArgs extends LayerArgs {
  layer: layers.Layer;
  /** How often the singular vectors are brought nearer at each step. Default: 1. */
  powerIterations?: number;
  /** It is given whole numbers, and so gives such. Default: false. */
  truncates?: boolean;
}

/**
 * It gives what its layer gives, in the type of its input. In training it first sets that layer's
 * kernel to itself over its largest singular value, which it knows the better the more often it was
 * trained.
 *
 * Source: keras/src/layers/normalization/spectral_normalization.py; Miyato et al. 2018 (arXiv
 * 1802.05957).
 */
export class SpectralNormalization extends KerasLayer {
  /** @nocollapse */
  static override className = 'SpectralNormalization';

  readonly layer: layers.Layer;
  private readonly powerIterations: number;
  private readonly truncates: boolean;
  private vectorU!: LayerVariable;

  constructor({layer, powerIterations = 1, truncates = false, ...args}: SpectralNormalizationArgs) {
    super(args);
    this.layer = layer;
    this.powerIterations = powerIterations;
    this.truncates = truncates;
  }

  /** @throws Error Its layer has neither a kernel nor embeddings. */
  override build(inputShape: Shape | Shape[]): void {
    this.layer.build(inputShape);
    this.layer.built = true;
    const columns = this.kernel.shape.at(-1) as number;
    const initial = initializers.truncatedNormal({stddev: 0.02});
    this.vectorU = this.addWeight('vector_u', [1, columns], 'float32', initial, undefined, false);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: CallArgs): tf.Tensor {
    if (kwargs.training) this.normalizeKernel();
    const dtype = this.truncates ? 'int32' : [inputs].flat()[0].dtype;
    return tf.tidy(() => tf.cast([this.layer.call(inputs, kwargs)].flat()[0], dtype));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return this.layer.computeOutputShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {layer, powerIterations, truncates} = this;
    const saved = {className: layer.getClassName(), config: layer.getConfig()};
    return {...super.getConfig(), layer: saved, powerIterations, truncates};
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const {layer, ...rest} = config as tf.serialization.ConfigDict & {layer: SavedClass};
    const holder = `SpectralNormalization layer "${rest.name}"`;
    return new cls({...rest, layer: layerOf(layer, holder)});
  }

  private get kernel(): LayerVariable {
    const names = ['kernel', 'embeddings'];
    const found = this.layer.weights.find(({originalName}) =>
      names.includes(originalName.split('/').at(-1) as string),
    );
    if (found) return found;
    throw new Error(
      `SpectralNormalization layer "${this.name}": ${this.layer.getClassName()} layer ` +
        `"${this.layer.name}" has neither a kernel nor embeddings.`,
    );
  }

  /** Outside of what is differentiated, as in Keras, which assigns the weight a new value, too. */
  private normalizeKernel(): void {
    const {kernel, vectorU} = this;
    tf.tidy(() => {
      const value = kernel.read();
      const rows = tf.reshape(value, [-1, value.shape.at(-1) as number]);
      let u = vectorU.read() as tf.Tensor2D;
      let v = u;
      for (let i = 0; i < this.powerIterations; i++) {
        v = unit(tf.matMul(u, rows, false, true)) as tf.Tensor2D;
        u = unit(tf.matMul(v, rows)) as tf.Tensor2D;
      }
      const sigma = tf.matMul(tf.matMul(v, rows), u, false, true);
      const isZero = tf.all(tf.equal(rows, 0)); // which stays as it is
      const normalized = tf.reshape(tf.div(rows, sigma), value.shape);
      assign(vectorU, tf.where(isZero, vectorU.read(), u));
      assign(kernel, tf.where(isZero, value, normalized));
    });
  }
}

/** Whatever constraint the weight has: Keras applies that after steps of the optimiser alone. */
function assign(weight: LayerVariable, value: tf.Tensor): void {
  tf.Variable.prototype.assign.call(weight.read(), value);
}

/** x over its length. */
const unit = (x: tf.Tensor): tf.Tensor =>
  tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x))), 1e-12));
