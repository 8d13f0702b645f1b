/**
 * Calls of a user's own layer as Python made them. tfjs gives a layer nothing but a list of tensors;
 * this layer has them, and hands each to the argument that it was given to.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type {layers, Shape} from '@tensorflow/tfjs-layers';
import {KerasLayer} from './keras_layer.js';
import {layerOf, type SavedClass} from './saved_class.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** An argument as it is in a config: a tensor by its place among the inputs, a constant, or a list. */
export type SavedArgument =
  | {tensor: number}
  | {constant: unknown}
  | {list: SavedArgument[]}
  | {keys: string[]; values: SavedArgument[]};

export interface KerasCallArgs extends LayerArgs {
  layer: layers.Layer;
  /** Without names, in their order. */
  positional: SavedArgument[];
  /** What the arguments by keyword are called in Python. */
  keywords: string[];
  /** Their values. */
  keyword: SavedArgument[];
}

export class KerasCall extends KerasLayer {
  /** @nocollapse */
  static override className = 'KerasCall';

  readonly layer: layers.Layer;
  private readonly positional: SavedArgument[];
  private readonly keywords: string[];
  private readonly keyword: SavedArgument[];

  constructor(args: KerasCallArgs) {
    super(args);
    this.layer = args.layer;
    this.positional = args.positional;
    this.keywords = args.keywords;
    this.keyword = args.keyword;
    this.supportsMasking = args.layer.supportsMasking;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.layer.build(this.shapes(inputShape));
    this.layer.built = true;
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: object): tf.Tensor | tf.Tensor[] {
    const tensors = [inputs].flat();
    const value = (argument: SavedArgument): unknown => {
      if ('tensor' in argument) return tensors[argument.tensor];
      if ('constant' in argument) return argument.constant;
      if ('list' in argument) return argument.list.map(value);
      return Object.fromEntries(argument.keys.map((key, i) => [key, value(argument.values[i])]));
    };
    const named = Object.fromEntries(
      this.keywords.map((name, i) => [camelCase(name), value(this.keyword[i])]),
    );
    const positional = this.positional.map(value);
    const first = positional.length === 1 ? positional[0] : positional;
    return this.layer.call(first as tf.Tensor[], {...kwargs, ...named});
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return this.layer.computeOutputShape(this.shapes(inputShape));
  }

  override computeMask(
    inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor | tf.Tensor[] {
    const [first, ...others] = this.places().map((place) => [inputs].flat()[place]);
    const masks = this.places().map((place) => [mask].flat()[place] as tf.Tensor);
    return others.length
      ? this.layer.computeMask([first, ...others], masks)
      : this.layer.computeMask(first, masks[0]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {layer, positional, keywords, keyword} = this;
    return {
      ...super.getConfig(),
      layer: {className: layer.getClassName(), config: layer.getConfig()},
      // As a name: tfjs writes the words of other texts in its own way.
      callArguments: {name: JSON.stringify({positional, keywords, keyword})},
    };
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const {layer, callArguments, ...rest} = config as tf.serialization.ConfigDict & {
      layer: SavedClass;
      callArguments: {name: string};
    };
    return new cls({
      ...rest,
      ...JSON.parse(callArguments.name),
      layer: layerOf(layer, `KerasCall layer "${rest.name}"`),
    });
  }

  /** The shapes of the tensors without names, which the layer is built on. */
  private shapes(inputShape: Shape | Shape[]): Shape | Shape[] {
    const all = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const shapes = this.places().map((place) => all[place]);
    return shapes.length === 1 ? shapes[0] : shapes;
  }

  /** Where among the inputs the tensors without names are. */
  private places(): number[] {
    const tensors = (argument: SavedArgument): number[] => {
      if ('tensor' in argument) return [argument.tensor];
      if ('list' in argument) return argument.list.flatMap(tensors);
      return 'keys' in argument ? argument.values.flatMap(tensors) : [];
    };
    return this.positional.flatMap(tensors);
  }
}

const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
