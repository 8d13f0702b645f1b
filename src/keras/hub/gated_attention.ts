import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {causalMask} from '../layers/attention/visibility.js';
import {EinsumDense} from '../layers/core/einsum_dense.js';
import type {CallArgs} from '../layers/options_layer.js';
import {einsum} from '../operations/einsum.js';
import {FAMILIES, type Family, type Held} from './decoder_families.js';
import type {GatedDecoderOptions} from './gated_decoder_options.js';
import {built, type HubArgs, HubLayer, run} from './hub_layer.js';
import {RotaryEmbedding} from './rotary_embedding.js';
import {ScaleNormalization} from './scale_normalization.js';

type AttentionOptions = Pick<
  GatedDecoderOptions,
  | 'family'
  | 'numQueryHeads'
  | 'numKeyValueHeads'
  | 'ropeMaxWavelength'
  | 'ropeScalingFactor'
  | 'logitSoftCap'
  | 'useBias'
  | 'useQueryKeyNorm'
  | 'dropout'
> & {headDim: number};

/** What Keras adds to the scores of positions that are not seen. */
const UNSEEN = -1e9;

/** Which positions see which. */
export interface Sight {
  /** [batch or 1, steps, steps], 1 where a position sees another, else 0. */
  seen: tf.Tensor;
  /** [batch or 1, steps, 1], 0 where a position is to take nothing, else 1. Default: all take. */
  taking?: tf.Tensor;
}

/** The attention within a `GatedDecoder`. */
export class GatedAttention extends HubLayer<AttentionOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>GatedAttention';
  static override innerLayers = [
    ...['queryDense', 'queryNorm', 'queryDenseLayerNorm', 'keyDense', 'keyNorm'],
    ...['keyDenseLayerNorm', 'valueDense', 'outputDense'],
  ];

  private queryDense!: EinsumDense;
  private keyDense!: EinsumDense;
  private valueDense!: EinsumDense;
  private outputDense!: EinsumDense;
  private readonly rope: RotaryEmbedding;
  private readonly dropped: layers.Layer;
  readonly #norms: ScaleNormalization[] = [];

  constructor(args: HubArgs<AttentionOptions>) {
    const defaults: AttentionOptions = {
      family: 'mistral',
      numQueryHeads: 0,
      numKeyValueHeads: 0,
      headDim: 0,
      ropeMaxWavelength: 10000,
      ropeScalingFactor: 1,
      logitSoftCap: null,
      useBias: false,
      useQueryKeyNorm: false,
      dropout: 0,
    };
    super(args, defaults, ['inputs']);
    const {ropeMaxWavelength: maxWavelength, ropeScalingFactor: scalingFactor} = this.options;
    this.rope = new RotaryEmbedding({name: 'rope', maxWavelength, scalingFactor});
    this.dropped = layers.dropout({name: 'dropout', rate: this.options.dropout});
  }

  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const {numQueryHeads, numKeyValueHeads, headDim, useBias, useQueryKeyNorm} = this.options;
    const {equations, ...family}: Family = FAMILIES[this.options.family];
    const dense = (name: string, equation: string, heads: number) => {
      const biasAxes = useBias ? {name: equation.slice(-2)} : null;
      const outputShape = [null, heads, headDim];
      return built(
        new EinsumDense({name, equation: {name: equation}, outputShape, biasAxes}),
        shape,
      );
    };
    this.queryDense = dense('query', equations.query, numQueryHeads);
    this.keyDense = dense('key', equations.key, numKeyValueHeads);
    this.valueDense = dense('value', equations.key, numKeyValueHeads);
    const given = [...shape.slice(0, -1), numQueryHeads, headDim];
    this.outputDense = built(
      new EinsumDense({
        name: 'attention_output',
        equation: {name: equations.output},
        outputShape: [null, shape.at(-1) as number],
      }),
      given,
    );
    built(this.rope, given);
    if (!useQueryKeyNorm) return;
    for (const held of [family.queryNorm, family.keyNorm]) {
      const [attribute, name] = held as Held;
      const {queryKeyEpsilon: epsilon, addsOne} = family;
      const norm = built(new ScaleNormalization({name, epsilon, addsOne}), given);
      this.#norms.push(norm);
      Object.assign(this, {[attribute]: norm});
    }
  }

  /** Each position sees itself and those before it; the block calls `attend` with what it sees in truth. */
  protected override compute({inputs}: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const steps = inputs.shape[1] as number;
    return this.attend(inputs, {seen: causalMask(steps, steps)}, kwargs);
  }

  /** @param x [batch, steps, features] */
  attend(x: tf.Tensor, {seen, taking}: Sight, kwargs: CallArgs): tf.Tensor {
    const {numQueryHeads, numKeyValueHeads, headDim, logitSoftCap} = this.options;
    const {dropsShares} = FAMILIES[this.options.family];
    const [queryNorm, keyNorm] = this.#norms;
    const turned = (dense: EinsumDense, norm?: ScaleNormalization) => {
      const y = run(dense, x, kwargs);
      return run(this.rope, norm ? run(norm, y, kwargs) : y, kwargs);
    };
    // Gemma puts the features of queries and keys into another order, the same for both: their product stays.
    const query = tf.mul(turned(this.queryDense, queryNorm), 1 / Math.sqrt(headDim));
    const group = numQueryHeads / numKeyValueHeads;
    const [key, value] = [turned(this.keyDense, keyNorm), run(this.valueDense, x, kwargs)].map(
      (heads) => repeated(heads, group),
    );
    let scores = einsum('bquh,bkuh->buqk', [query, key]);
    if (logitSoftCap !== null) {
      scores = tf.mul(tf.tanh(tf.div(scores, logitSoftCap)), logitSoftCap);
    }
    const unseen = tf.expandDims(tf.mul(tf.sub(1, seen), UNSEEN), 1);
    const shares = tf.softmax(tf.add(scores, unseen));
    let y = einsum('buqk,bkuh->bquh', [
      dropsShares ? run(this.dropped, shares, kwargs) : shares,
      value,
    ]);
    if (taking) y = tf.mul(y, tf.expandDims(taking, 3));
    return run(this.outputDense, dropsShares ? y : run(this.dropped, y, kwargs), kwargs);
  }
}

/** Each of the heads [batch, steps, heads, features] so many times, one after the other. */
function repeated(heads: tf.Tensor, times: number): tf.Tensor {
  if (times === 1) return heads;
  const [batch, steps, count, features] = heads.shape as number[];
  const copies = Array<tf.Tensor>(times).fill(tf.reshape(heads, [-1, count, 1, features]));
  return tf.reshape(tf.concat(copies, 2), [batch, steps, count * times, features]);
}
