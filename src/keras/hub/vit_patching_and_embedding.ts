import * as tf from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {Conv2D} from '../layers/convolution/layers.js';
import type {CallArgs} from '../layers/options_layer.js';
import {addWeightOf, resolveWeightKinds} from '../layers/weight_kinds.js';
import {built, type HubArgs, HubLayer, run} from './hub_layer.js';

interface PatchOptions {
  /** Height and width. */
  imageSize: number[];
  patchSize: number[];
  hiddenDim: number;
  /** Default: 3. */
  numChannels: number;
  /** A learned vector stands before those of the patches. Default: true. */
  useClassToken: boolean;
}

/**
 * Cuts images into patches, and makes of each a vector, to which that of its place is added. Argument:
 * `inputs` [batch, height, width, channels]. Output: [batch, patches, hiddenDim], with one more than
 * patches where there is a class token.
 *
 * Source: keras_hub.src.models.vit; Dosovitskiy et al. 2020 (arXiv 2010.11929).
 */
export class ViTPatchingAndEmbedding extends HubLayer<PatchOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>ViTPatchingAndEmbedding';

  private readonly kind = resolveWeightKinds({}, {token: 'randomNormal'}).kinds.token;
  private classToken?: LayerVariable;
  private patchEmbedding!: layers.Layer;
  private positionEmbedding!: layers.Layer;

  /** @throws Error An input that the layer does not know. */
  constructor(args: HubArgs<PatchOptions>) {
    const sizes = {imageSize: [], patchSize: [], hiddenDim: 0, numChannels: 3};
    super(args, {...sizes, useClassToken: true}, ['inputs']);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return [inputShape[0], this.places(), this.options.hiddenDim];
  }

  /** @throws Error The images have another size, or their channels first, which Keras does not save. */
  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {imageSize, patchSize, hiddenDim, numChannels, useClassToken} = this.options;
    const expected = [...imageSize, numChannels];
    if (expected.some((size, i) => shape[i + 1] !== size)) {
      throw this.error(
        `its images are [${shape.slice(1)}], expected [${expected}]: height, width and, last, channels.`,
      );
    }
    if (useClassToken) {
      this.classToken = addWeightOf(this, this.kind, 'class_token', [1, 1, hiddenDim]);
    }
    const [kernelSize, name] = [patchSize, 'patch_embedding'];
    this.patchEmbedding = built(
      new Conv2D({name, filters: hiddenDim, kernelSize, strides: kernelSize, padding: 'valid'}),
      shape,
    );
    const [inputDim, outputDim] = [this.places(), hiddenDim];
    this.positionEmbedding = built(
      layers.embedding({name: 'position_embedding', inputDim, outputDim}),
      [null, inputDim],
    );
  }

  protected override compute({inputs}: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const {hiddenDim} = this.options;
    const [batch] = inputs.shape;
    const grid = run(this.patchEmbedding, inputs, kwargs); // [batch, rows, columns, hiddenDim]
    let vectors = tf.reshape(grid, [batch, -1, hiddenDim]);
    if (this.classToken) {
      vectors = tf.concat([tf.tile(this.classToken.read(), [batch, 1, 1]), vectors], 1);
    }
    return tf.add(vectors, this.positionEmbedding.weights[0].read());
  }

  private places(): number {
    const {imageSize, patchSize, useClassToken} = this.options;
    const [rows, columns] = imageSize.map((size, i) => Math.floor(size / patchSize[i]));
    return rows * columns + (useClassToken ? 1 : 0);
  }
}
