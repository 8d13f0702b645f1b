/** A layer in the place of an activation: `Dense(4, activation=LeakyReLU(0.1))` in Keras. */
import type * as tf from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {layerOf, type SavedClass} from '../saved_class.js';
import {ActivationBase} from './functions.js';

/**
 * Applies a layer without weights. tfjs saves an activation as what its `getClassName` gives, and
 * reads a class with a config in the same place: so this one gives both.
 */
export class LayerActivation extends ActivationBase {
  /** @nocollapse */
  static className = 'LayerActivation';

  private readonly layer: layers.Layer;

  /** @throws Error The class of the layer is not registered. */
  constructor({layer}: {layer: SavedClass}) {
    super();
    this.layer = layerOf(layer, 'LayerActivation');
  }

  apply(x: tf.Tensor): tf.Tensor {
    if (!this.layer.built) this.layer.build(x.shape);
    return this.layer.call(x, {}) as tf.Tensor;
  }

  override getClassName(): string {
    const layer = {className: this.layer.getClassName(), config: this.layer.getConfig()};
    return {className: LayerActivation.className, config: {layer}} as unknown as string;
  }
}
