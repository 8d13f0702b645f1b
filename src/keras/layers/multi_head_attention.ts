import * as tf from '@tensorflow/tfjs-core';
import {type LayerVariable, layers, type Shape} from '@tensorflow/tfjs-layers';
import {camelCaseKeys} from '../../layers/camel_case.js';
import {keepConstrained} from '../../layers/weight_options.js';
import {
  type DenseOptions,
  type ResolvedDenseOptions,
  resolveDenseOptions,
} from './dense_options.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** What a tensor can be to the layer. */
export const attentionInputs = [
  'query',
  'value',
  'key',
  'queryMask',
  'valueMask',
  'keyMask',
  'attentionMask',
] as const;

export type AttentionInput = (typeof attentionInputs)[number];

/** What `MultiHeadAttention` takes, with the names and defaults of Keras in camelCase. */
export interface MultiHeadAttentionArgs extends LayerArgs, DenseOptions {
  numHeads: number;
  /** Width of each head's queries and keys. */
  keyDim: number;
  /** Width of each head's values. Default: keyDim. */
  valueDim?: number | null;
  /** Share of the attention weights set to 0 in training. Default: 0. */
  dropout?: number;
  /** Default: true. */
  useBias?: boolean;
  /** The output's dimensions after the positions. Default: the query's last. */
  outputShape?: number | number[] | null;
  /** All dimensions between the first and the last, which is the default; others are an error. */
  attentionAxes?: number | number[] | null;
  /** Each position sees itself and those before it. A call's option in Keras. Default: false. */
  useCausalMask?: boolean;
  /**
   * Follows Keras since 3.10: a position that sees none takes nothing of the values, in place of
   * their mean, but only with a dropout or for a query of another rank than 3. Default: false.
   */
  zeroUnseeing?: boolean;
  /**
   * What each tensor given is, one thing or several: tfjs disposes too early what is given twice.
   * Default: [['query'], ['value'], ['key']], as many as there are.
   */
  inputNames?: AttentionInput[][] | null;
}

/** A projection's weights. */
interface Projection {
  kernel: LayerVariable;
  bias?: LayerVariable;
}

/**
 * Multi-head attention: each position of the query takes a mean of the values, weighted by how well
 * its projection fits the keys', in several heads at once.
 *
 *     softmax(q·kᵀ / √keyDim)·v
 *
 * Source: Vaswani et al. 2017, "Attention is all you need" (arXiv 1706.03762); the class and config
 * of Keras. tfjs hands a layer no more than the first input's mask, so that here masks are inputs:
 * float32 or bool, [batch, positions], 0 where a position is not to be seen; the attention mask is
 * [batch, T, S].
 *
 * ```js
 * const attention = new MultiHeadAttention({numHeads: 2, keyDim: 4});
 * const x = tf.ones([1, 3, 8]);
 * attention.apply([x, x]).shape; // [1, 3, 8]
 * ```
 */
export class MultiHeadAttention extends layers.Layer {
  /** @nocollapse */
  static className = 'MultiHeadAttention';

  readonly numHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly dropout: number;
  readonly useBias: boolean;
  /** The option `outputShape`, which is the name of a layer's own property. */
  readonly projectedShape: number | number[] | null;
  readonly attentionAxes: number[] | null;
  readonly useCausalMask: boolean;
  readonly zeroUnseeing: boolean;
  readonly inputNames: AttentionInput[][] | null;

  private readonly denseOptions: ResolvedDenseOptions;
  private query!: Projection;
  private key!: Projection;
  private value!: Projection;
  private attentionOutput!: Projection;

  /** @throws Error No positive number of heads or width, or an unknown initialiser and the like. */
  constructor(args: MultiHeadAttentionArgs) {
    super(args);
    this.numHeads = this.positive('numHeads', args.numHeads);
    this.keyDim = this.positive('keyDim', args.keyDim);
    this.valueDim = this.positive('valueDim', args.valueDim ?? args.keyDim);
    this.dropout = args.dropout ?? 0;
    this.useBias = args.useBias ?? true;
    this.projectedShape = args.outputShape ?? null;
    this.attentionAxes = args.attentionAxes == null ? null : [args.attentionAxes].flat();
    this.useCausalMask = args.useCausalMask ?? false;
    this.zeroUnseeing = args.zeroUnseeing ?? false;
    this.inputNames = args.inputNames ?? null;
    const unknown = this.inputNames?.flat().find((name) => !attentionInputs.includes(name));
    if (unknown) throw new Error(`${this.where()}: there is no input "${unknown}".`);
    this.denseOptions = resolveDenseOptions(args);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const {query, value, key = value} = this.named(shapesOf(inputShape));
    if (!query || !value) throw new Error(`${this.where()}: expected a query and a value.`);
    this.checkAxes(query);
    const {numHeads, keyDim, valueDim} = this;
    this.query = this.project('query', [query.at(-1) as number], [numHeads, keyDim]);
    this.key = this.project('key', [key.at(-1) as number], [numHeads, keyDim]);
    this.value = this.project('value', [value.at(-1) as number], [numHeads, valueDim]);
    this.attentionOutput = this.project(
      'attention_output',
      [numHeads, valueDim],
      this.outputDims(query),
    );
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], {training}: {training?: boolean} = {}): tf.Tensor {
    return tf.tidy(() => {
      const given = this.named([inputs].flat());
      const {query, value, key = value} = given;
      const q = this.heads(this.query, query); // [batch, heads, T, keyDim]
      const k = this.heads(this.key, key); //     [batch, heads, S, keyDim]
      const v = this.heads(this.value, value); // [batch, heads, S, valueDim]

      let scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(this.keyDim)), k, false, true);
      const mask = this.mask(given, scores.shape); // [batch or 1, 1, T or 1, S]
      if (mask) scores = tf.add(scores, tf.mul(tf.sub(1, mask), -1e9));
      let weights = tf.softmax(scores); // [batch, heads, T, S]
      const zeroes = this.zeroUnseeing && (this.dropout > 0 || query.rank !== 3);
      if (mask && zeroes) weights = tf.mul(weights, mask);
      if (training && this.dropout > 0) weights = tf.dropout(weights, this.dropout);

      const attended = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]); // [batch, T, heads, valueDim]
      const {kernel, bias} = this.attentionOutput;
      const outputDims = kernel.shape.slice(2) as number[];
      const y = tf.matMul(
        tf.reshape(attended, [-1, this.numHeads * this.valueDim]),
        tf.reshape(kernel.read(), [this.numHeads * this.valueDim, -1]),
      );
      const shaped = tf.reshape(y, [...query.shape.slice(0, -1), ...outputDims]);
      return bias ? tf.add(shaped, bias.read()) : shaped;
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [query] = shapesOf(inputShape);
    return [...query.slice(0, -1), ...this.outputDims(query)];
  }

  /** The query's, as in Keras. */
  override computeMask(
    _inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor {
    // A copy: whoever runs the layers disposes each layer's mask.
    return [mask].flat()[0]?.clone() as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      numHeads: this.numHeads,
      keyDim: this.keyDim,
      valueDim: this.valueDim,
      dropout: this.dropout,
      useBias: this.useBias,
      outputShape: this.projectedShape,
      attentionAxes: this.attentionAxes,
      ...this.denseOptions.saved,
      // Only where they are set: Keras does not know them.
      ...(this.useCausalMask ? {useCausalMask: true} : {}),
      ...(this.zeroUnseeing ? {zeroUnseeing: true} : {}),
      ...(this.inputNames ? {inputNames: this.inputNames.map((names) => [...names])} : {}),
    };
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(camelCaseKeys(config));
  }

  /** x·kernel + bias for each head: [batch, …positions, features] → [batch, heads, n, width] */
  private heads({kernel, bias}: Projection, x: tf.Tensor): tf.Tensor {
    const [features, heads, width] = kernel.shape as number[];
    const y = tf.matMul(
      tf.reshape(x, [-1, features]),
      tf.reshape(kernel.read(), [features, heads * width]),
    );
    const shaped = tf.reshape(y, [x.shape[0], -1, heads, width]);
    return tf.transpose(bias ? tf.add(shaped, bias.read()) : shaped, [0, 2, 1, 3]);
  }

  /** 1 where a position is seen, 0 where not: [batch or 1, 1, T or 1, S]; undefined: all are seen. */
  private mask(
    given: Partial<Record<AttentionInput, tf.Tensor>>,
    [, , T, S]: number[],
  ): tf.Tensor | undefined {
    const masks: tf.Tensor[] = [];
    const add = (mask: tf.Tensor | undefined, shape: number[]) => {
      if (mask) masks.push(tf.reshape(tf.cast(mask, 'float32'), shape));
    };
    add(given.queryMask, [-1, 1, T, 1]);
    add(given.valueMask, [-1, 1, 1, S]);
    add(given.keyMask, [-1, 1, 1, S]);
    // [batch, T, S], or 1 in the place of a size; it may be without the batch, or have the heads.
    const {shape = []} = given.attentionMask ?? {};
    const [batch = 1, heads = 1] = shape.length === 4 ? shape : shape.slice(0, -2);
    add(given.attentionMask, [batch, heads, ...shape.slice(-2)]);
    if (this.useCausalMask) masks.push(tf.linalg.bandPart(tf.ones([1, 1, T, S]), -1, 0));
    return masks.length ? masks.reduce((all, mask) => tf.mul(all, mask)) : undefined;
  }

  private project(name: string, from: number[], to: number[]): Projection {
    const options = this.denseOptions;
    const kernel = this.addWeight(
      `${name}/kernel`,
      [...from, ...to],
      'float32',
      options.kernelInitializer,
      options.kernelRegularizer,
    );
    keepConstrained(kernel, options.kernelConstraint);
    if (!this.useBias) return {kernel};
    const bias = this.addWeight(
      `${name}/bias`,
      to,
      'float32',
      options.biasInitializer,
      options.biasRegularizer,
    );
    keepConstrained(bias, options.biasConstraint);
    return {kernel, bias};
  }

  private outputDims(query: Shape): number[] {
    return this.projectedShape == null ? [query.at(-1) as number] : [this.projectedShape].flat();
  }

  private named<T>(given: T[]): Record<'query' | 'value', T> & Partial<Record<AttentionInput, T>> {
    const names: readonly string[][] = this.inputNames ?? [['query'], ['value'], ['key']];
    const entries = given.flatMap((value, i) => names[i].map((name) => [name, value] as const));
    return Object.fromEntries(entries) as Record<AttentionInput, T>;
  }

  private checkAxes(query: Shape): void {
    const all = query.slice(1, -1).map((_, i) => i + 1);
    const axes = this.attentionAxes?.map((axis) => (axis < 0 ? axis + query.length : axis));
    if (axes && String(axes) !== String(all)) {
      throw new Error(
        `${this.where()}: attention over some axes only is not supported: attentionAxes must be ` +
          `[${all}] for a query of rank ${query.length}, but is [${this.attentionAxes}].`,
      );
    }
  }

  private positive(name: string, value: number): number {
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`${this.where()}: ${name} must be a whole number above 0, but is ${value}.`);
  }

  private where(): string {
    return `MultiHeadAttention layer "${this.name}"`;
  }
}

function shapesOf(inputShape: Shape | Shape[]): Shape[] {
  return (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
}
