/** What the layers of KerasHub share: options with defaults, inputs by name, layers within. */
import * as tf from '@tensorflow/tfjs-core';
import {input, type layers, type Shape} from '@tensorflow/tfjs-layers';
import {camelCaseKeys} from '../../layers/camel_case.js';
import type {LayerArgs} from '../../layers/normalization.js';
import {type ActivationOption, resolveActivation} from '../layers/activations/resolve.js';
import {type DenseOptions, resolveDenseOptions} from '../layers/dense_options.js';
import {KerasLayer} from '../layers/keras_layer.js';
import {type CallArgs, shapesOf} from '../layers/options_layer.js';

/** The options of every layer, those of a class, and what each tensor of a call is. */
export type HubArgs<Options extends object> = LayerArgs &
  Partial<Options> & {
    /**
     * The arguments of Keras's call that each tensor given stands for, in camelCase; one tensor may be
     * several. Default: the first argument.
     */
    inputNames?: string[][] | null;
  };

/**
 * A layer of KerasHub with its options in camelCase. Subclasses make the layers within it when they are
 * built, and say what they compute of the arguments of the call.
 */
export abstract class HubLayer<Options extends object> extends KerasLayer {
  /** Each option, as given or by default. */
  protected readonly options: Options;
  private readonly inputNames: string[][];

  /**
   * @param names the arguments that the call may have, the first of which it must have
   * @throws Error An input that the layer does not know.
   */
  constructor(args: HubArgs<Options>, defaults: Options, names: readonly string[]) {
    super(args);
    this.options = {...defaults, ...pick(args, Object.keys(defaults))};
    this.inputNames = args.inputNames ?? [[names[0]]];
    const unknown = this.inputNames.flat().find((name) => !names.includes(name));
    if (unknown) throw this.error(`its call has no argument "${unknown}" here.`);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.buildOn(this.named(shapesOf(inputShape)));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: CallArgs = {}): tf.Tensor {
    return tf.tidy(() => this.compute(this.named([inputs].flat()), kwargs));
  }

  /** The shape of the first argument, unless a class says otherwise. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...shapesOf(inputShape)[0]];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      ...(this.options as tf.serialization.ConfigDict),
      inputNames: this.inputNames.map((names) => [...names]),
    };
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(camelCaseKeys(config));
  }

  protected buildOn(_shapes: Record<string, Shape>): void {}

  protected abstract compute(given: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor;

  /** Whether the call has an argument. */
  protected has(name: string): boolean {
    return this.inputNames.flat().includes(name);
  }

  /** An error that names the layer. */
  protected error(message: string): Error {
    return new Error(`${this.getClassName().split('>').at(-1)} layer "${this.name}": ${message}`);
  }

  private named<T>(given: T[]): Record<string, T> {
    const entries = given.flatMap((value, i) =>
      (this.inputNames[i] ?? []).map((name) => [name, value] as const),
    );
    return Object.fromEntries(entries);
  }
}

/** The options of those names that are given. */
function pick<T extends object>(args: T, names: string[]): Partial<T> {
  const given = Object.entries(args).filter(
    ([name, value]) => names.includes(name) && value !== undefined,
  );
  return Object.fromEntries(given) as Partial<T>;
}

/**
 * A layer within another, built on what it will be given. It is built by a call, from which tfjs takes
 * the names of its weights: they are then unlike those of the layers beside it.
 */
export function built<T extends layers.Layer>(layer: T, ...shapes: Shape[]): T {
  layer.apply(shapes.map((batchShape, i) => input({batchShape, name: `given_${i}`})));
  return layer;
}

/** How the activation and the initialisers of dense layers within another are saved. */
export function savedDense(
  activation: ActivationOption,
  initializers: Pick<DenseOptions, 'kernelInitializer' | 'biasInitializer'>,
): tf.serialization.ConfigDict {
  const {kernelInitializer, biasInitializer} = initializers;
  const {saved} = resolveDenseOptions({kernelInitializer, biasInitializer});
  return {
    activation: resolveActivation(activation).getClassName(),
    kernelInitializer: saved.kernelInitializer,
    biasInitializer: saved.biasInitializer,
  };
}

/** What a layer within another gives in a call. */
export const run = (
  layer: layers.Layer,
  inputs: tf.Tensor | tf.Tensor[],
  {training}: CallArgs,
): tf.Tensor => layer.call(inputs, {training}) as tf.Tensor;
