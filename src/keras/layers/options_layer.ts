/** What the layers of this folder share: options with defaults, tidy calls, shapes and their errors. */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {camelCaseKeys} from '../../layers/camel_case.js';
import type {LayerArgs} from '../../layers/normalization.js';

export type {LayerArgs};

/** What a model gives a layer's call beside its inputs. */
export interface CallArgs {
  training?: boolean;
  mask?: tf.Tensor | tf.Tensor[] | null;
}

/** The options of `LayerArgs` and those of a class, all of which have defaults. */
export type ArgsOf<Options extends object> = LayerArgs & Partial<Options>;

/**
 * A layer of Keras with the class name and the options of Keras, these in camelCase. Subclasses say
 * what they compute and the shape of it. What a call makes on the way is disposed after it.
 */
export abstract class OptionsLayer<Options extends object = object> extends layers.Layer {
  /** Each option, as given or by default. */
  protected readonly options: Options;

  constructor(args: ArgsOf<Options>, defaults: Options) {
    super(args);
    const given = args as Partial<Options>;
    this.options = Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => {
        const own = given[name as keyof Options];
        return [name, own === undefined ? value : own];
      }),
    ) as Options;
    this.supportsMasking = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: CallArgs = {}): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => this.compute([inputs].flat(), kwargs));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return this.shapeOf(shapesOf(inputShape));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), ...(this.options as tf.serialization.ConfigDict)};
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(camelCaseKeys(config));
  }

  protected abstract compute(inputs: tf.Tensor[], kwargs: CallArgs): tf.Tensor | tf.Tensor[];

  /** The output's shape for those of the inputs; null where a size is not known. Default: the first. */
  protected shapeOf([input]: Shape[]): Shape | Shape[] {
    return [...input];
  }

  /** An error that names the layer. */
  protected error(message: string): Error {
    return new Error(`${this.getClassName()} layer "${this.name}": ${message}`);
  }
}

/** A layer's input shapes as a list, also where there is but one. */
export function shapesOf(inputShape: Shape | Shape[]): Shape[] {
  return (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
}

/** An axis counted from the start. */
export const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Applies `compute` to a size, if that is known. */
export function sizeBy(
  size: number | null | undefined,
  compute: (size: number) => number,
): number | null {
  return size == null ? null : compute(size);
}

/** One number for each of `rank` dimensions: itself repeated, or the list as given. */
export function eachOf<T>(value: T | T[], rank: number): T[] {
  return Array.isArray(value) ? value : Array.from({length: rank}, () => value);
}
