/**
 * The layers that merge tensors into one, in the places of tfjs's own: these broadcast as Keras does,
 * from the right, take any axis, and have no masks, which tfjs's classes fail on where only some of
 * the inputs have one. Masks of merged tensors are worked out in `../config/masks/`.
 *
 * Source: keras/src/layers/merging/base_merge.py and concatenate.py.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Two or more tensors, element by element. Those of a lower rank get dimensions of 1 after the batch. */
abstract class Merge extends layers.Layer {
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const xs = [inputs].flat();
      const rank = Math.max(...xs.map((x) => x.rank));
      return this.merge(xs.map((x) => tf.reshape(x, ranked(x.shape, rank) as number[])));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const rank = Math.max(...shapes.map(({length}) => length));
    return shapes
      .map((shape) => ranked(shape, rank))
      .reduce((a, b) => a.map((size, i) => this.broadcast(size, b[i], shapes)));
  }

  protected abstract merge(xs: tf.Tensor[]): tf.Tensor;

  private broadcast(a: number | null, b: number | null, shapes: Shape[]): number | null {
    if (a === 1 || a === b) return b;
    if (b === 1) return a;
    if (a === null || b === null) return a ?? b;
    throw new Error(
      `${this.getClassName()} layer "${this.name}": the shapes ${shapes.map((s) => `[${s}]`).join(', ')} ` +
        'cannot be merged.',
    );
  }
}

function ranked<Size>([batch, ...others]: Size[], rank: number): (Size | 1)[] {
  return [batch, ...new Array<1>(rank - others.length - 1).fill(1), ...others];
}

export class Add extends Merge {
  /** @nocollapse */
  static className = 'Add';

  protected override merge(xs: tf.Tensor[]): tf.Tensor {
    return xs.reduce((a, b) => tf.add(a, b));
  }
}

export class Average extends Merge {
  /** @nocollapse */
  static className = 'Average';

  protected override merge(xs: tf.Tensor[]): tf.Tensor {
    return tf.div(
      xs.reduce((a, b) => tf.add(a, b)),
      xs.length,
    );
  }
}

export class Maximum extends Merge {
  /** @nocollapse */
  static className = 'Maximum';

  protected override merge(xs: tf.Tensor[]): tf.Tensor {
    return xs.reduce((a, b) => tf.maximum(a, b));
  }
}

export class Minimum extends Merge {
  /** @nocollapse */
  static className = 'Minimum';

  protected override merge(xs: tf.Tensor[]): tf.Tensor {
    return xs.reduce((a, b) => tf.minimum(a, b));
  }
}

export class Multiply extends Merge {
  /** @nocollapse */
  static className = 'Multiply';

  protected override merge(xs: tf.Tensor[]): tf.Tensor {
    return xs.reduce((a, b) => tf.mul(a, b));
  }
}

/** The first of two tensors less the second. */
export class Subtract extends Merge {
  /** @nocollapse */
  static className = 'Subtract';

  protected override merge([a, b]: tf.Tensor[]): tf.Tensor {
    return tf.sub(a, b);
  }
}

/** Tensors one after the other along an axis. Default: -1, the last. */
export class Concatenate extends layers.Layer {
  /** @nocollapse */
  static className = 'Concatenate';

  readonly axis: number;

  constructor(args: LayerArgs & {axis?: number} = {}) {
    super(args);
    this.axis = args.axis ?? -1;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const xs = [inputs].flat();
      return xs.length === 1 ? xs[0].clone() : tf.concat(xs, this.axisOf(xs[0].rank));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const [first, ...others] = shapes;
    const axis = this.axisOf(first.length);
    const isAlike = others.every(
      (shape) =>
        shape.length === first.length &&
        shape.every((size, i) => i === axis || size === null || [size, null].includes(first[i])),
    );
    if (!isAlike) {
      throw new Error(
        `Concatenate layer "${this.name}": the shapes ${shapes.map((s) => `[${s}]`).join(', ')} ` +
          `differ in more than axis ${axis}.`,
      );
    }
    const sizes = shapes.map((shape) => shape[axis]);
    const sum = sizes.reduce((a, b) => (a === null || b === null ? null : a + b));
    return first.map((size, i) => (i === axis ? sum : size));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), axis: this.axis};
  }

  private axisOf(rank: number): number {
    const axis = this.axis < 0 ? this.axis + rank : this.axis;
    if (axis >= 0 && axis < rank) return axis;
    throw new Error(
      `Concatenate layer "${this.name}": there is no axis ${this.axis} in a tensor of rank ${rank}.`,
    );
  }
}
