/** What the four normalisation layers share: their axes, gamma and beta, and their config. */
import {type serialization, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {checkAxis, checkEpsilon, resolveAxes} from '../ops/axes.js';
import {camelCaseKeys} from './camel_case.js';
import {
  keepConstrained,
  type ResolvedWeightOptions,
  resolveWeightOptions,
  type WeightOptions,
} from './weight_options.js';

export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** The option that all four have, besides the options of every layer. */
export interface NormalizationArgs extends LayerArgs {
  /** The dimension or dimensions to normalise over; negative counts from the end. Default: -1. */
  axis?: number | readonly number[];
}

/** A layer that normalises its input along axes, and passes its mask on. */
export abstract class NormalizationLayer extends layers.Layer {
  /** The axes as they were given: a negative one counts from the end of whatever input comes. */
  axis: number | readonly number[];

  /** The axes of the input that the layer was built for, each counted from the start. */
  protected axes: number[] = [];

  /** Keeps a division from being one by 0; what else it does is said by each class. */
  readonly epsilon: number;

  /** @throws Error Bad axes or epsilon. */
  constructor(args: NormalizationArgs & {epsilon?: number}, defaultEpsilon: number) {
    super(args);
    this.axis = checkAxis(this.getClassName(), args.axis ?? -1);
    this.epsilon = checkEpsilon(this.getClassName(), args.epsilon ?? defaultEpsilon);
    this.supportsMasking = true;
  }

  /** @throws Error Axes that the input has not, or that are of unknown size. */
  override build(inputShape: Shape | Shape[]): void {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const [shape] = this.expected(shapes);
    const axes = resolveAxes(this.where, this.axis, shape.length);
    this.axes = axes;
    this.buildWeights(this.sizesOf(axes, shape));
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const [x, residual] = this.expected([inputs].flat());
      return this.normalize(x, residual) as Tensor; // its type is that of a layer of one output
    });
  }

  /** The layer's options as they are saved. */
  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      axis: typeof this.axis === 'number' ? this.axis : [...this.axis],
      epsilon: this.epsilon,
    };
  }

  /** @nocollapse */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(camelCaseKeys(config));
  }

  /** The shape of the weights. */
  protected sizesOf(axes: number[], shape: Shape): number[] {
    return axes.map((axis) => {
      const size = shape[axis];
      if (size == null) {
        throw new Error(
          `${this.where}: dimension ${axis} of the input shape [${shape.map((d) => d ?? 'null')}] is ` +
            'normalised over, so its size must be known, but is null.',
        );
      }
      return size;
    });
  }

  /** Adds the weights; `shape` has the normalised dimensions in the order of `axis`. */
  protected buildWeights(_shape: number[]): void {}

  /** How the layer is called in an error. */
  protected get where(): string {
    return `${this.getClassName()} layer "${this.name}"`;
  }

  /** How many inputs the layer takes. */
  protected get inputCount(): number {
    return 1;
  }

  /** The output for x, or the outputs for both inputs; whatever else it makes is disposed for it. */
  protected abstract normalize(x: Tensor, residual?: Tensor): Tensor | Tensor[];

  private expected<T>(inputs: T[]): T[] {
    const count = this.inputCount;
    if (inputs.length === count) return inputs;
    throw new Error(
      `${this.where}: expected ${count === 1 ? 'one input' : `${count} inputs`}, ` +
        `but was given ${inputs.length}.`,
    );
  }
}

/** The options that layer and group normalisation have beside their axes. */
export interface AffineArgs extends WeightOptions {
  /** Added to the variance inside the root, ≥ 0. Default: 1e-3. */
  epsilon?: number;
  /** Add the weight beta. Default: true. */
  center?: boolean;
  /** Multiply by the weight gamma. Default: true. */
  scale?: boolean;
}

/** A normalisation to mean 0 and variance 1, followed by `· gamma + beta`. */
export abstract class AffineNormalizationLayer extends NormalizationLayer {
  readonly center: boolean;
  readonly scale: boolean;
  /** [the normalised dimensions, in the order of `axis`], once built with `scale`. */
  gamma: LayerVariable | null = null;
  /** As gamma, once built with `center`. */
  beta: LayerVariable | null = null;

  private readonly weightOptions: ResolvedWeightOptions;

  /** @throws Error Bad axes or epsilon, or an unknown initialiser, regulariser or constraint. */
  constructor(args: NormalizationArgs & AffineArgs) {
    super(args, 1e-3);
    this.center = args.center ?? true;
    this.scale = args.scale ?? true;
    this.weightOptions = resolveWeightOptions(args);
  }

  /** Adds gamma and beta, each if its option says so. */
  protected override buildWeights(shape: number[]): void {
    if (this.scale) this.gamma = this.addConstrained('gamma', shape);
    if (this.center) this.beta = this.addConstrained('beta', shape);
  }

  /** The layer's options as they are saved. */
  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      center: this.center,
      scale: this.scale,
      ...this.weightOptions.saved,
    };
  }

  /** A weight with its initialiser, regulariser and constraint. */
  protected addConstrained(name: 'gamma' | 'beta', shape: number[]): LayerVariable {
    const options = this.weightOptions;
    const weight = this.addWeight(
      name,
      shape,
      'float32',
      options[`${name}Initializer`],
      options[`${name}Regularizer`],
    );
    keepConstrained(weight, options[`${name}Constraint`]);
    return weight;
  }
}
