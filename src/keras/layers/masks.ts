/**
 * Masks as tensors. In tfjs a mask travels beside a tensor, and a layer is handed no more than its
 * first input's; a layer whose input has none is handed that of whichever layer ran before it.
 * `../masks.ts` puts these layers where that would be wrong.
 */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {choose, maximum, minimum, withoutGradient} from '../operations/gradients.js';
import {mergedShape, withRankOfMost} from './merging.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** The mask that an Embedding or a Masking makes of its input: 1 where that is not `maskValue`. */
export class MaskOf extends layers.Layer {
  /** @nocollapse */
  static className = 'MaskOf';

  readonly maskValue: number;
  /** Whether a step is a vector, masked where all of it is `maskValue`. */
  readonly overFeatures: boolean;

  constructor(args: LayerArgs & {maskValue?: number; overFeatures?: boolean}) {
    super(args);
    this.maskValue = args.maskValue ?? 0;
    this.overFeatures = args.overFeatures ?? false;
  }

  /** [batch, steps] or [batch, steps, features] → [batch, steps], float32 */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat();
    return withoutGradient([x], () =>
      tf.tidy(() => {
        const differs = tf.cast(tf.notEqual(x, tf.scalar(this.maskValue, x.dtype)), 'float32');
        return this.overFeatures ? tf.max(differs, -1) : differs;
      }),
    );
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.overFeatures ? inputShape.slice(0, -1) : inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {maskValue, overFeatures} = this;
    return {...super.getConfig(), maskValue, overFeatures};
  }
}

/** Gives x the mask that is its second input, or without one a mask of ones. */
export class AttachMask extends layers.Layer {
  /** @nocollapse */
  static className = 'AttachMask';

  constructor(args: LayerArgs) {
    super(args);
    this.supportsMasking = true;
  }

  /** x [batch, steps, features], mask [batch, steps] */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return [inputs].flat()[0].clone();
  }

  /** @throws Error The mask is not one of steps, which Keras's recurrent layers cannot use either. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [x, mask] = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    if (mask && mask.length !== 2) {
      throw new Error(
        `${this.name}: a recurrent layer takes a mask of steps, [batch, steps], but is given one of ` +
          `the shape [${mask}].`,
      );
    }
    return x;
  }

  /** [batch, steps], bool */
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, mask] = [inputs].flat();
    return mask ? tf.cast(mask, 'bool') : tf.ones(x.shape.slice(0, 2), 'bool');
  }
}

/**
 * How masks become one: a step is seen where all see it, or any does; or one after the other. `any`
 * makes of one [batch, steps, …] one [batch, steps], where a step is seen if any part of it is.
 */
export type Combination = 'and' | 'or' | 'concat' | 'any';

const range = (from: number, to: number) => Array.from({length: to - from}, (_, i) => from + i);

/** Several masks as one. */
export class CombineMasks extends layers.Layer {
  /** @nocollapse */
  static className = 'CombineMasks';

  readonly how: Combination;
  /** Inputs that are no masks, but tensors without one: all their steps are seen. */
  readonly unmasked: number[];

  constructor(args: LayerArgs & {how: Combination; unmasked?: number[]}) {
    super(args);
    this.how = args.how;
    this.unmasked = args.unmasked ?? [];
  }

  /** Masks [batch, steps], or tensors [batch, steps, features] → [batch, steps], float32 */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const masks = [inputs]
        .flat()
        .map((each, i) =>
          this.unmasked.includes(i) ? tf.ones(each.shape.slice(0, 2)) : tf.cast(each, 'float32'),
        );
      if (this.how === 'concat') return tf.concat(masks, 1);
      if (this.how === 'any') {
        const [mask] = masks;
        return mask.rank > 2 ? tf.max(mask, range(2, mask.rank)) : mask.clone();
      }
      return masks.reduce((a, b) => (this.how === 'and' ? tf.mul(a, b) : tf.maximum(a, b)));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const [batch] = shapes[0];
    const steps = shapes.map((shape) => shape[1]);
    if (this.how !== 'concat') return [batch, steps[0]];
    const sum = steps.reduce((a, b) => (a === null || b === null ? null : a + b));
    return [batch, sum];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), how: this.how, unmasked: [...this.unmasked]};
  }
}

/**
 * The product, maximum or minimum of tensors, in which a step that is masked in one of them counts for
 * that one as if it were not there. Keras 3.4 and later compute `Multiply`, `Maximum` and `Minimum` so.
 *
 * Source: keras/src/layers/merging/multiply.py and base_merge.py.
 */
export class MaskedMerge extends layers.Layer {
  /** @nocollapse */
  static className = 'MaskedMerge';

  /** In lower case, as tfjs saves it. */
  readonly merge: 'maximum' | 'minimum' | 'multiply';
  /** The inputs that have a mask; the masks follow after all inputs. */
  readonly masked: number[];

  constructor(args: LayerArgs & {merge: MaskedMerge['merge']; masked: number[]}) {
    super(args);
    this.merge = args.merge;
    this.masked = args.masked;
  }

  /** Tensors [batch, steps, …features], then masks [batch, steps] → [batch, steps, …features] */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const all = [inputs].flat();
      const given = all.slice(0, all.length - this.masked.length);
      const xs = withRankOfMost(given);
      const masks = xs.map((x, i) => {
        const at = this.masked.indexOf(i);
        // What Keras has to give more dimensions loses its mask.
        return at < 0 || x.rank > given[i].rank
          ? undefined
          : tf.cast(tf.expandDims(all[xs.length + at], -1), 'bool');
      });
      return this.merge === 'multiply' ? product(xs, masks) : this.extreme(xs, masks);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = inputShape as Shape[];
    return mergedShape(this, shapes.slice(0, shapes.length - this.masked.length));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), merge: this.merge, masked: [...this.masked]};
  }

  private extreme(xs: tf.Tensor[], masks: (tf.Tensor | undefined)[]): tf.Tensor {
    const merge = this.merge === 'maximum' ? maximum : minimum;
    let [y, yMask] = [xs[0], masks[0]];
    for (const [i, x] of xs.entries()) {
      if (i === 0) continue;
      const mask = masks[i];
      const seen = mask ? choose(mask, x, y) : x;
      const before = yMask ? choose(yMask, y, seen) : y;
      yMask = mask && yMask ? tf.logicalOr(yMask, mask) : undefined;
      y = merge(before, seen);
    }
    return y;
  }
}

/** Masked factors are 1; where all are masked the product is 0. */
function product(xs: tf.Tensor[], masks: (tf.Tensor | undefined)[]): tf.Tensor {
  const factors = xs.map((x, i) => {
    const mask = masks[i];
    return mask ? tf.where(mask, x, tf.onesLike(x)) : x;
  });
  const y = factors.reduce((a, b) => tf.mul(a, b));
  const all = masks.flatMap((mask) => mask ?? []);
  if (all.length < masks.length) return y;
  return tf.where(
    all.reduce((a, b) => tf.logicalOr(a, b)),
    y,
    tf.zerosLike(y),
  );
}
