import type {Tensor} from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {addLayerNorm} from '../ops/add_layer_norm.js';
import {
  type AffineArgs,
  AffineNormalizationLayer,
  type NormalizationArgs,
} from './normalization.js';

/** What `addLayerNormalization` takes, besides the options of every layer. */
export interface AddLayerNormalizationArgs extends NormalizationArgs, AffineArgs {}

/**
 * The addition of a residual and layer normalisation as one `tf.layers.Layer`. Its class is of this
 * package alone; its weights are those of `LayerNormalization`, in the same order.
 *
 * ```js
 * const layer = new AddLayerNormalization({epsilon: 1e-5});
 * const [y, sum] = layer.apply([tf.tensor2d([[1, 1]]), tf.tensor2d([[0, 2]])]);
 * y.print();
 * // [[-0.999995, 0.999995],]
 * sum.print();
 * // [[1, 3],]
 * layer.getWeights().map((weight) => weight.shape); // [[2], [2]]
 * ```
 *
 * Inputs: x and the residual, of one shape, rank ≥ 1, float32 or int32. Outputs: y and the sum, each that
 * shape, float32, with the mask of x or, where it has none, of the residual.
 */
export class AddLayerNormalization extends AffineNormalizationLayer {
  /** @nocollapse */
  static className = 'AddLayerNormalization';

  /** @throws Error Bad axes or epsilon, or an unknown initialiser, regulariser or constraint. */
  constructor(args: AddLayerNormalizationArgs = {}) {
    super(args);
  }

  /** @throws Error The shapes differ; axes that the inputs have not, or that are of unknown size. */
  override build(inputShape: Shape | Shape[]): void {
    super.build(inputShape);
    const [x, residual] = inputShape as Shape[];
    const differ = (size: number | null, i: number) =>
      (size ?? residual[i]) !== (residual[i] ?? size);
    if (x.length !== residual.length || x.some(differ)) {
      throw new Error(
        `${this.where}: x [${x}] and the residual [${residual}] must be of one shape.`,
      );
    }
  }

  /** The mask of x or, where it has none, of the residual, for both outputs. */
  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor[] {
    const [x, residual] = [mask].flat() as Tensor[];
    return [x ?? residual, x ?? residual];
  }

  protected override get inputCount(): number {
    return 2;
  }

  protected override normalize(x: Tensor, residual: Tensor): Tensor[] {
    const {axis, epsilon} = this;
    const params = {gamma: this.gamma?.read(), beta: this.beta?.read()};
    return addLayerNorm(x, residual, {...params, axis, epsilon});
  }
}

/**
 * The addition of a residual and layer normalisation as one layer: a step of every transformer's block.
 *
 *     sum = x + residual,   y = layerNormalization(sum)
 *
 * ```js
 * const x = tf.input({shape: [4, 8]});
 * const residual = tf.layers.dense({units: 8}).apply(x);
 * const [y, sum] = addLayerNormalization().apply([x, residual]);
 * const thought = tf.layers.dense({units: 8}).apply(y);
 * const model = tf.model({inputs: x, outputs: tf.layers.add().apply([sum, thought])});
 * model.predict(tf.ones([2, 4, 8])).shape; // [2, 4, 8]
 * ```
 *
 * A model that is saved with it loads where this package is imported. Keras has no such layer: there,
 * `Add` and `LayerNormalization` do the same with the same weights.
 *
 * @param args The options of `layerNormalization` but for `rmsScaling`. Inputs: x and the residual, of
 *     one shape, rank ≥ 1, float32 or int32. Outputs: y and the sum, each that shape, float32, with the
 *     mask of x or, where it has none, of the residual.
 * @throws Error Bad axes or epsilon, or an unknown initialiser, regulariser or constraint; when
 *     built, an axis out of bounds or of unknown size, or inputs of two shapes.
 */
export function addLayerNormalization(args?: AddLayerNormalizationArgs): AddLayerNormalization {
  return new AddLayerNormalization(args);
}
