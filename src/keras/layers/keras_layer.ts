/**
 * A layer that holds other layers. In Python, keras.layers.Layer finds those in its attributes; in
 * tfjs, a class would have to list their weights itself, or they would neither be trained nor saved
 * nor disposed.
 */
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

/** What a property of a layer holds. */
export interface Held {
  property: string;
  /** One layer, or those of a list. */
  layers: Layer | Layer[];
  /** Whether the order in the list means something; that of an object's keys does not. */
  isOrdered: boolean;
}

/** The layers in the properties of a layer, in the order in which these were set. */
export function heldLayers(layer: Layer): Held[] {
  return Object.entries(layer).flatMap(([property, value]): Held[] => {
    if (value instanceof layers.Layer) return [{property, layers: value, isOrdered: true}];
    const isOrdered = Array.isArray(value);
    const found = listIn(value).filter((each): each is Layer => each instanceof layers.Layer);
    return found.length ? [{property, layers: found, isOrdered}] : [];
  });
}

function listIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.values()];
  const isDict =
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  return isDict ? Object.values(value) : [];
}

/**
 * What a class of a user's extends that holds layers: `this.attention = new MultiHeadAttention(…)`.
 * The layers in its properties, in lists and in plain objects are trained, saved and disposed with it.
 * Its `build` must build them, and end with `super.build(shape)`.
 *
 * An `.h5` file names the layers within a class by their classes alone. Where several have weights of
 * the same shapes, a static `innerLayers` tells them apart: the names of the properties, in the order
 * in which the class in Python makes its layers.
 *
 * ```js
 * class Block extends KerasLayer {
 *   static className = 'Block';
 *   constructor(args) {
 *     super(args);
 *     this.dense = tf.layers.dense({units: 2});
 *   }
 *   build(shape) {
 *     this.dense.build(shape);
 *     super.build(shape);
 *   }
 *   call(inputs) {
 *     return this.dense.call(inputs, {});
 *   }
 * }
 * const block = new Block({});
 * block.apply(tf.ones([1, 3])).shape; // [1, 2]
 * block.trainableWeights.length; // 2
 * ```
 */
export class KerasLayer extends layers.Layer {
  /** @nocollapse */
  static className = 'KerasLayer';
  /** The properties with layers, in the order in which the class in Python sets them. */
  static innerLayers?: readonly string[];

  /** Marks the layer as built, and gives weights of the same name the names of their properties. */
  override build(inputShape: Shape | Shape[]): void {
    super.build(inputShape);
    nameApart(heldLayers(this));
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    for (const layer of this.inner()) layer.trainable = trainable;
  }

  override get trainableWeights(): LayerVariable[] {
    const inner = this.trainable ? this.inner() : [];
    return unique([...super.trainableWeights, ...inner.flatMap((layer) => layer.trainableWeights)]);
  }

  override set trainableWeights(weights: LayerVariable[]) {
    super.trainableWeights = weights;
  }

  override get nonTrainableWeights(): LayerVariable[] {
    const inner = this.inner().flatMap(({nonTrainableWeights, trainableWeights}) =>
      this.trainable ? nonTrainableWeights : [...trainableWeights, ...nonTrainableWeights],
    );
    return unique([...super.nonTrainableWeights, ...inner]);
  }

  override set nonTrainableWeights(weights: LayerVariable[]) {
    super.nonTrainableWeights = weights;
  }

  override get losses() {
    return [...super.losses, ...this.inner().flatMap(({losses}) => losses)];
  }

  /** tfjs would add them to the list that `losses` makes, and so to nothing. */
  override addLoss(losses: Parameters<Layer['addLoss']>[0]): void {
    super.losses.push(...[losses].flat());
  }

  private inner(): Layer[] {
    return heldLayers(this).flatMap((held) => held.layers);
  }
}

/** A layer may be in two properties. */
const unique = (weights: LayerVariable[]) => [...new Set(weights)];

/**
 * Tells weights apart that tfjs calls alike, as two embeddings in one layer, each of which was built by
 * its `build` alone: it saves weights by their names, and could not load them.
 */
function nameApart(held: Held[]): void {
  const places = held.flatMap(({property, layers: each}) =>
    [each].flat().flatMap(({weights}, i) =>
      weights.map((weight) => ({
        weight,
        place: Array.isArray(each) ? `${property}_${i}` : property,
      })),
    ),
  );
  const counts = new Map<string, number>();
  for (const {weight} of places) {
    counts.set(weight.originalName, (counts.get(weight.originalName) ?? 0) + 1);
  }
  for (const {weight, place} of places) {
    const {originalName} = weight;
    if (counts.get(originalName) === 1) continue;
    const steps = originalName.split('/');
    steps.splice(-1, 0, place);
    Object.assign(weight, {originalName: steps.join('/')});
  }
}
