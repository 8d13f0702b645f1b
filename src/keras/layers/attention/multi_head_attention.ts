import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {camelCaseKeys} from '../../../layers/camel_case.js';
import {choose, withoutGradient} from '../../operations/gradients.js';
import {product} from '../../operations/product.js';
import {
  type DenseOptions,
  type ResolvedDenseOptions,
  resolveDenseOptions,
} from '../dense_options.js';
import {fromStart, shapesOf} from '../options_layer.js';
import {type AttentionInput, named, outputMasks, unknownName} from './named_inputs.js';
import {addProjection, type Projection, project} from './projection.js';
import {causalMask, windowMask} from './visibility.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Far below every score; softmax gives 0 there. The number that Keras adds. */
const UNSEEN = -1e9;

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
  /** The dimensions of positions. Default: all between the first and the last. */
  attentionAxes?: number | number[] | null;
  /** Each position sees those less than so many away. Default: all. */
  slidingWindow?: number | null;
  /** The output of each head is multiplied by the sigmoid of a projection of the query. Default: false. */
  useGate?: boolean;
  /** The attention weights are a second output. A call's option in Keras. Default: false. */
  returnAttentionScores?: boolean;
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

/**
 * Multi-head attention: each position of the query takes a mean of the values, weighted by how well
 * its projection fits the keys', in several heads at once.
 *
 *     softmax(q·kᵀ / √keyDim)·v
 *
 * Source: Vaswani et al. 2017, "Attention is all you need" (arXiv 1706.03762); the class and config
 * of Keras. tfjs hands a layer no more than the first input's mask, so that here masks are inputs:
 * float32 or bool, [batch, positions], 0 where a position is not to be seen; the attention mask is
 * [batch, T, S], the positions to see from and those to see, where several dimensions have positions
 * in all of them.
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
  readonly useGate: boolean;
  /** The option `outputShape`, which is the name of a layer's own property. */
  readonly projectedShape: number | number[] | null;
  readonly attentionAxes: number[] | null;
  readonly slidingWindow: number | null;
  readonly useCausalMask: boolean;
  readonly returnAttentionScores: boolean;
  readonly zeroUnseeing: boolean;
  readonly inputNames: AttentionInput[][] | null;

  private readonly denseOptions: ResolvedDenseOptions;
  private query!: Projection;
  private key!: Projection;
  private gate: Projection | null = null;
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
    this.useGate = args.useGate ?? false;
    this.projectedShape = args.outputShape ?? null;
    this.attentionAxes = args.attentionAxes == null ? null : [args.attentionAxes].flat();
    this.slidingWindow =
      args.slidingWindow == null ? null : this.positive('slidingWindow', args.slidingWindow);
    this.useCausalMask = args.useCausalMask ?? false;
    this.returnAttentionScores = args.returnAttentionScores ?? false;
    this.zeroUnseeing = args.zeroUnseeing ?? false;
    this.inputNames = args.inputNames ?? null;
    const unknown = unknownName(this.inputNames);
    if (unknown) throw new Error(`${this.where()}: there is no input "${unknown}".`);
    this.denseOptions = resolveDenseOptions(args);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const {query, value, key = value} = named(shapesOf(inputShape), this.inputNames);
    if (!query || !value) throw new Error(`${this.where()}: expected a query and a value.`);
    this.axesIn(query.length);
    const {numHeads, keyDim, valueDim} = this;
    const fewer = this.keyValueHeads;
    const add = (name: string, from: number[], to: number[]) =>
      addProjection(this, name, [from, to], this.denseOptions, this.useBias);
    const width = (shape: Shape) => [shape.at(-1) as number];
    // In the order in which Keras makes them.
    this.query = add('query', width(query), [numHeads, keyDim]);
    this.key = add('key', width(key), [fewer, keyDim]);
    if (this.useGate) this.gate = add('gate', width(query), [numHeads, valueDim]);
    this.value = add('value', width(value), [fewer, valueDim]);
    this.attentionOutput = add('attention_output', [numHeads, valueDim], this.outputDims(query));
    this.built = true;
  }

  /** Its type is that of a call without `returnAttentionScores`, with which there are two outputs. */
  override call(inputs: tf.Tensor | tf.Tensor[], {training}: {training?: boolean} = {}): tf.Tensor {
    return tf.tidy(() => {
      const given = named([inputs].flat(), this.inputNames);
      const {query, value, key = value} = given;
      const axes = this.axesIn(query.rank);
      const [q, k, v] = [
        this.toHeads(project(query, this.query), axes), // [groups, T, keyDim]
        this.toHeads(project(key, this.key), axes), //     [groups, S, keyDim]
        this.toHeads(project(value, this.value), axes), // [groups, S, valueDim]
      ];
      const scores = product(tf.mul(q, 1 / Math.sqrt(this.keyDim)), k, {transposeB: true});
      const shape = this.scoresShape(query.shape, key.shape) as number[];
      const weights = this.shares(scores, this.mask(given, shape, axes.length), shape);
      const kept = training && this.dropout > 0 ? tf.dropout(weights, this.dropout) : weights;
      let y = this.fromHeads(product(kept, v), query.shape, axes); // [batch, …positions, heads, valueDim]
      if (this.gate) y = tf.mul(y, tf.sigmoid(project(query, this.gate)));
      const output = project(y, this.attentionOutput);
      if (!this.returnAttentionScores) return output;
      return [output, tf.reshape(weights, shape)] as tf.Tensor[] as unknown as tf.Tensor;
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const {query, value, key = value} = named(shapesOf(inputShape), this.inputNames);
    const output = [...query.slice(0, -1), ...this.outputDims(query)];
    return this.returnAttentionScores ? [output, this.scoresShape(query, key)] : output;
  }

  /** The query's, as in Keras. */
  override computeMask(
    _inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor | tf.Tensor[] {
    return outputMasks(mask, this.returnAttentionScores ? 2 : 1);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      numHeads: this.numHeads,
      keyDim: this.keyDim,
      valueDim: this.valueDim,
      dropout: this.dropout,
      useBias: this.useBias,
      useGate: this.useGate,
      outputShape: this.projectedShape,
      attentionAxes: this.attentionAxes,
      slidingWindow: this.slidingWindow,
      ...this.denseOptions.saved,
      // Only where they are set: Keras does not know them.
      ...(this.useCausalMask ? {useCausalMask: true} : {}),
      ...(this.returnAttentionScores ? {returnAttentionScores: true} : {}),
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

  /** How many heads the keys and the values have; each is that of several heads of the query. */
  protected get keyValueHeads(): number {
    return this.numHeads;
  }

  /** The axes of positions, in order, counted from the start. */
  private axesIn(rank: number): number[] {
    const all = Array.from({length: rank - 2}, (_, i) => i + 1);
    const axes = (this.attentionAxes ?? all).map((axis) => fromStart(axis, rank));
    if (axes.every((axis) => all.includes(axis))) return axes;
    throw new Error(
      `${this.where()}: attentionAxes must be among [${all}] for a query of rank ${rank}, but is ` +
        `[${this.attentionAxes}].`,
    );
  }

  /** The dimensions of a projection by heads: those that are all alike, the positions, the width. */
  private order(rank: number, axes: number[]): number[] {
    const others = Array.from({length: rank}, (_, i) => i).filter((i) => !axes.includes(i));
    return [...others.slice(0, -1), ...axes, rank - 1];
  }

  /** [batch, …positions, heads, width] → [groups, positions, width], a group for each head and more */
  private toHeads(x: tf.Tensor, axes: number[]): tf.Tensor3D {
    const every = repeatedHeads(x, this.numHeads);
    const width = x.shape.at(-1) as number;
    const positions = axes.reduce((product, axis) => product * x.shape[axis], 1);
    const moved = tf.transpose(every, this.order(x.rank, axes));
    return tf.reshape(moved, [-1, positions, width]);
  }

  /** The way back. */
  private fromHeads(x: tf.Tensor, query: number[], axes: number[]): tf.Tensor {
    const shape = [...query.slice(0, -1), this.numHeads, x.shape.at(-1) as number];
    const order = this.order(shape.length, axes);
    const apart = tf.reshape(
      x,
      order.map((axis) => shape[axis]),
    );
    return tf.transpose(
      apart,
      order.map((_, axis) => order.indexOf(axis)),
    );
  }

  /** [batch, …dimensions without positions, heads, …positions to see from, …positions to see] */
  private scoresShape(query: Shape, key: Shape): Shape {
    const axes = this.axesIn(query.length);
    const others = query.slice(0, -1).filter((_, axis) => !axes.includes(axis));
    const positions = (shape: Shape) => axes.map((axis) => shape[axis]);
    return [...others, this.numHeads, ...positions(query), ...positions(key)];
  }

  /** Softmax of the scores [groups, T, S] where they are seen. */
  private shares(scores: tf.Tensor, mask: tf.Tensor | undefined, shape: number[]): tf.Tensor {
    if (!mask) return tf.softmax(scores);
    const full = tf.reshape(scores, shape);
    const hasScores = this.dropout > 0 || this.returnAttentionScores || shape.length !== 4;
    if (this.zeroUnseeing && !hasScores) {
      // As `dot_product_attention` does: what is not seen has no gradient, though nothing be seen.
      const seen = withoutGradient([mask], () => tf.greater(tf.add(tf.zeros(shape), mask), 0));
      return tf.softmax(tf.reshape(choose(seen, full, tf.fill(shape, UNSEEN)), scores.shape));
    }
    const hidden = tf.add(full, tf.mul(tf.sub(1, mask), UNSEEN));
    const weights = tf.softmax(tf.reshape(hidden, scores.shape));
    if (!this.zeroUnseeing) return weights;
    return tf.reshape(tf.mul(tf.reshape(weights, shape), mask), scores.shape);
  }

  /** 1 where a position is seen, 0 where not, in a shape that broadcasts to the scores'. */
  private mask(
    given: Partial<Record<AttentionInput, tf.Tensor>> & {query: tf.Tensor; value: tf.Tensor},
    shape: number[],
    axes: number,
  ): tf.Tensor | undefined {
    const {query, value, queryMask, valueMask, keyMask, attentionMask} = given;
    const masks: tf.Tensor[] = [];
    // Between a mask's first dimensions and those of its positions come those that it lacks.
    const add = (mask: tf.Tensor) => {
      const lacking = shape.length - mask.rank;
      const first = mask.rank - 2 * axes;
      if (first < 0 || lacking < 0) {
        throw new Error(
          `${this.where()}: a mask [${mask.shape}] does not fit attention weights [${shape}].`,
        );
      }
      const full = [
        ...mask.shape.slice(0, first),
        ...Array<number>(lacking).fill(1),
        ...mask.shape.slice(first),
      ];
      masks.push(tf.reshape(tf.cast(mask, 'float32'), full));
    };
    if (queryMask) add(tf.expandDims(queryMask, -1));
    if (valueMask) add(tf.expandDims(valueMask, -2));
    if (keyMask) add(tf.expandDims(keyMask, -2));
    if (attentionMask) add(attentionMask);
    const [T, S] = [query.shape[1] as number, value.shape[1] as number];
    if (this.useCausalMask) add(causalMask(T, S));
    if (this.slidingWindow !== null) add(windowMask(T, S, this.slidingWindow));
    return masks.length ? masks.reduce((all, mask) => tf.mul(all, mask)) : undefined;
  }

  private outputDims(query: Shape): number[] {
    return this.projectedShape == null ? [query.at(-1) as number] : [this.projectedShape].flat();
  }

  /** The value of an option that must be at least 1. @throws Error It is not. */
  protected positive(name: string, value: number): number {
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`${this.where()}: ${name} must be a whole number above 0, but is ${value}.`);
  }

  /** How the layer is called in an error. */
  protected where(): string {
    return `${this.getClassName()} layer "${this.name}"`;
  }
}

/** [..., heads or fewer, width] → [..., heads, width], each of the fewer several times over. */
function repeatedHeads(x: tf.Tensor, heads: number): tf.Tensor {
  const fewer = x.shape.at(-2) as number;
  if (fewer === heads) return x;
  const copies = Array.from({length: heads / fewer}, () => x);
  const stacked = tf.stack(copies, x.rank - 1); // [..., fewer, times, width]
  return tf.reshape(stacked, [...x.shape.slice(0, -2), heads, x.shape.at(-1) as number]);
}
