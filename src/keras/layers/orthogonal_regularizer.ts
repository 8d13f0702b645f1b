/** The penalty of Keras on rows or columns that are not at right angles to each other. */
import * as tf from '@tensorflow/tfjs-core';

interface OrthogonalArgs {
  factor?: number;
  mode?: 'rows' | 'columns';
}

/**
 * factor·½·Σ|cos of the angle| / pairs, over all pairs of rows, or of columns, of a matrix.
 *
 * Source: keras/src/regularizers/regularizers.py.
 */
export class OrthogonalRegularizer extends tf.serialization.Serializable {
  /** @nocollapse */
  static className = 'OrthogonalRegularizer';

  private readonly factor: number;
  private readonly mode: 'rows' | 'columns';

  constructor({factor = 0.01, mode = 'rows'}: OrthogonalArgs = {}) {
    super();
    this.factor = factor;
    this.mode = mode;
  }

  /** @throws Error The weight is no matrix, as in Keras. */
  apply(x: tf.Tensor): tf.Scalar {
    if (x.rank !== 2) {
      throw new Error(`OrthogonalRegularizer: a weight must be a matrix, but is [${x.shape}].`);
    }
    return tf.tidy(() => {
      const vectors = this.mode === 'rows' ? x : tf.transpose(x);
      const lengths = tf.sqrt(tf.sum(tf.square(vectors), 1, true));
      const units = tf.div(vectors, tf.maximum(lengths, 1e-7)) as tf.Tensor2D;
      const size = units.shape[0];
      const cosines = tf.mul(tf.matMul(units, units, false, true), tf.sub(1, tf.eye(size)));
      const pairs = (size * (size - 1)) / 2;
      return tf.mul(tf.sum(tf.abs(cosines)), (this.factor * 0.5) / pairs).asScalar();
    });
  }

  getConfig(): tf.serialization.ConfigDict {
    return {factor: this.factor, mode: this.mode};
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}
