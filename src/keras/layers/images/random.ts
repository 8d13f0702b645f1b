/**
 * The layers of Keras that change images at random in training and give them as they are otherwise.
 * In training they are not implemented: a call says so, before anything is trained otherwise than in
 * Keras.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type CallArgs, type LayerArgs, OptionsLayer} from '../options_layer.js';

const names = [
  ...['AugMix', 'CutMix', 'Equalization', 'MixUp', 'RandAugment', 'Solarization'],
  ...['RandomBrightness', 'RandomColorDegeneration', 'RandomColorJitter', 'RandomContrast'],
  ...['RandomElasticTransform', 'RandomErasing', 'RandomFlip', 'RandomGaussianBlur'],
  ...['RandomGrayscale', 'RandomHeight', 'RandomHue', 'RandomInvert', 'RandomPerspective'],
  ...['RandomPosterization', 'RandomRotation', 'RandomSaturation', 'RandomSharpness'],
  ...['RandomShear', 'RandomTranslation', 'RandomWidth', 'RandomZoom'],
];

/** The options of every layer, which tfjs itself keeps. */
const OWN = ['name', 'trainable', 'dtype', 'batchInputShape', 'inputShape'];

/** A layer of this kind; it keeps its options, but uses none. */
class RandomImageLayer extends OptionsLayer {
  private readonly saved: tf.serialization.ConfigDict;

  constructor(args: LayerArgs) {
    super(args, {});
    const entries = Object.entries(args as tf.serialization.ConfigDict);
    this.saved = Object.fromEntries(entries.filter(([key]) => !OWN.includes(key)));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), ...this.saved};
  }

  protected override compute([x]: tf.Tensor[], {training}: CallArgs): tf.Tensor {
    if (!training) return tf.cast(x, 'float32').clone();
    throw this.error(
      'is the identity in inference, but in training it is not implemented. To train this model ' +
        'further, take the layer out of it, and augment the images before `fit`.',
    );
  }
}

type RandomImageClass = tf.serialization.SerializableConstructor<RandomImageLayer> & {
  className: string;
};

/** The class of each, by its name. */
export const randomImageLayers: Record<string, RandomImageClass> = Object.fromEntries(
  names.map((name) => [
    name,
    class extends RandomImageLayer {
      /** @nocollapse */
      static className = name;
    },
  ]),
);
