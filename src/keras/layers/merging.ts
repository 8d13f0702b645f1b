/**
 * The layers that merge tensors into one, in the places of tfjs's own: these broadcast as Keras does,
 * from the right, take any axis, and have no masks, which tfjs's classes fail on where only some of
 * the inputs have one. Masks of merged tensors are worked out in `../config/masks/`.
 *
 * Source: keras/src/layers/merging/base_merge.py and concatenate.py.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {maximum, minimum} from '../operations/gradients.js';
import {matMul} from '../operations/matrix_product.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Two or more tensors, element by element. Those of a lower rank get dimensions of 1 after the batch. */
abstract class Merge extends layers.Layer {
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      return this.merge(withRankOfMost([inputs].flat()));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    return mergedShape(this, shapes);
  }

  protected abstract merge(xs: tf.Tensor[]): tf.Tensor;
}

/** The tensors with the rank of the highest, dimensions of 1 after the batch. */
export function withRankOfMost(xs: tf.Tensor[]): tf.Tensor[] {
  const rank = Math.max(...xs.map((x) => x.rank));
  return xs.map((x) => tf.reshape(x, ranked(x.shape, rank) as number[]));
}

/**
 * The shape of tensors of these shapes, merged.
 *
 * @throws Error They do not fit.
 */
export function mergedShape(layer: layers.Layer, shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map(({length}) => length));
  const broadcast = (a: number | null, b: number | null): number | null => {
    if (a === 1 || a === b) return b;
    if (b === 1) return a;
    if (a === null || b === null) return a ?? b;
    throw new Error(
      `${layer.getClassName()} layer "${layer.name}": the shapes ` +
        `${shapes.map((s) => `[${s}]`).join(', ')} cannot be merged.`,
    );
  };
  return shapes
    .map((shape) => ranked(shape, rank))
    .reduce((a, b) => a.map((size, i) => broadcast(size, b[i])));
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
    return xs.reduce((a, b) => maximum(a, b));
  }
}

export class Minimum extends Merge {
  /** @nocollapse */
  static className = 'Minimum';

  protected override merge(xs: tf.Tensor[]): tf.Tensor {
    return xs.reduce((a, b) => minimum(a, b));
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

/**
 * The product of two tensors over an axis of each; tfjs's own class takes no more than three dimensions.
 *
 * Source: keras/src/layers/merging/dot.py.
 */
export class Dot extends layers.Layer {
  /** @nocollapse */
  static className = 'Dot';

  readonly axes: number | [number, number];
  readonly normalize: boolean;

  constructor(args: LayerArgs & {axes?: number | [number, number]; normalize?: boolean} = {}) {
    super(args);
    this.axes = args.axes ?? -1;
    this.normalize = args.normalize ?? false;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const xs = [inputs].flat();
      const [i, j] = this.axesOf(xs.map(({rank}) => rank));
      const [a, b] = this.normalize ? [unit(xs[0], i), unit(xs[1], j)] : xs;
      const size = a.shape[i];
      const flat = (x: tf.Tensor, axis: number) => {
        const others = [...x.shape.keys()].filter((each) => each !== 0 && each !== axis);
        return tf.reshape(tf.transpose(x, [0, ...others, axis]), [x.shape[0], -1, size]);
      };
      const y = matMul(flat(a, i), tf.transpose(flat(b, j), [0, 2, 1]));
      return tf.reshape(y, this.computeOutputShape([a.shape, b.shape]) as number[]);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [a, b] = inputShape as Shape[];
    const [i, j] = this.axesOf([a.length, b.length]);
    if (a[i] !== null && b[j] !== null && a[i] !== b[j]) {
      throw new Error(
        `Dot layer "${this.name}": axis ${i} of [${a}] and axis ${j} of [${b}] differ in size.`,
      );
    }
    const rest = (shape: Shape, axis: number) =>
      shape.filter((_, each) => each !== 0 && each !== axis);
    const others = [...rest(a, i), ...rest(b, j)];
    return [a[0], ...(others.length ? others : [1])];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), axes: this.axes, normalize: this.normalize};
  }

  private axesOf(ranks: number[]): [number, number] {
    const given = Array.isArray(this.axes) ? this.axes : [this.axes, this.axes];
    return given.map((axis, i) => (axis < 0 ? axis + ranks[i] : axis)) as [number, number];
  }
}

/** x of length 1 along an axis. */
function unit(x: tf.Tensor, axis: number): tf.Tensor {
  return tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), axis, true), 1e-12)));
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
