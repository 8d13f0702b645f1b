/** Attention without heads or projections, as in keras.layers: `Attention` and `AdditiveAttention`. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import {matMul} from '../../operations/matrix_product.js';
import {type ArgsOf, type CallArgs, OptionsLayer, shapesOf} from '../options_layer.js';
import {addWeightOf, resolveWeightKinds} from '../weight_kinds.js';
import {type InputNames, named, outputMasks} from './named_inputs.js';
import {causalMask} from './visibility.js';

interface AttentionOptions {
  useScale: boolean;
  scoreMode: 'dot' | 'concat';
  /** Share of the weights set to 0 in training. */
  dropout: number;
  /** A call's option in Keras: each position sees itself and those before it. */
  useCausalMask: boolean;
  /** A call's option in Keras: the weights are a second output. */
  returnAttentionScores: boolean;
  inputNames: InputNames | null;
}

const DEFAULTS: AttentionOptions = {
  useScale: false,
  scoreMode: 'dot',
  dropout: 0,
  useCausalMask: false,
  returnAttentionScores: false,
  inputNames: null,
};

/** What Keras takes from the score of a position that is not to be seen. */
const UNSEEN = 1e9;

/**
 * softmax(scores(query, key))·value, with query [batch, T, width], key and value [batch, S, width] and
 * masks [batch, T] or [batch, S]. Rows of the query that are masked give 0.
 *
 * Source: keras/src/layers/attention/attention.py; Luong et al. 2015 (arXiv 1508.04025).
 */
export class Attention extends OptionsLayer<AttentionOptions> {
  /** @nocollapse */
  static className = 'Attention';

  protected scale: LayerVariable | null = null;
  private concatScoreWeight: LayerVariable | null = null;

  constructor(args: ArgsOf<AttentionOptions> = {}, defaults = DEFAULTS) {
    super(args, defaults);
  }

  override build(inputShape: Shape | Shape[]): void {
    const {query} = named(shapesOf(inputShape), this.options.inputNames);
    this.buildWeights(query);
    this.built = true;
  }

  override computeMask(
    _inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor | tf.Tensor[] {
    return outputMasks(mask, this.options.returnAttentionScores ? 2 : 1);
  }

  protected buildWeights(_query: Shape): void {
    const {kinds} = resolveWeightKinds({}, {scale: 'ones'});
    if (this.options.useScale) this.scale = addWeightOf(this, kinds.scale, 'scale', []);
    if (this.options.scoreMode === 'concat') {
      this.concatScoreWeight = addWeightOf(this, kinds.scale, 'concat_score_weight', []);
    }
  }

  /** [batch, T, S] */
  protected scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const scaled = (x: tf.Tensor) => (this.scale ? tf.mul(this.scale.read(), x) : x);
    if (!this.concatScoreWeight) {
      const order = [...key.shape.keys()];
      const turned = tf.transpose(key, [...order.slice(0, -2), key.rank - 1, key.rank - 2]);
      return scaled(matMul(query, turned));
    }
    const sums = tf.sum(tf.tanh(scaled(sumOfPairs(query, key))), -1);
    return tf.mul(this.concatScoreWeight.read(), sums);
  }

  protected override compute(inputs: tf.Tensor[], {training}: CallArgs): tf.Tensor | tf.Tensor[] {
    const {dropout, useCausalMask, returnAttentionScores, inputNames} = this.options;
    const {query, value, key = value, queryMask, valueMask} = named(inputs, inputNames);
    let scores = this.scores(query, key);
    const seen = valueMask ? [tf.expandDims(tf.cast(valueMask, 'float32'), -2)] : [];
    if (useCausalMask)
      seen.push(causalMask(scores.shape.at(-2) as number, key.shape.at(-2) as number));
    if (seen.length) {
      const all = seen.reduce((a, b) => tf.mul(a, b));
      scores = tf.sub(scores, tf.mul(tf.sub(1, all), UNSEEN));
    }
    let weights = tf.softmax(scores);
    if (training && dropout > 0) weights = tf.dropout(weights, dropout);
    const attended = matMul(weights, value);
    const y = queryMask
      ? tf.mul(attended, tf.expandDims(tf.cast(queryMask, 'float32'), -1))
      : attended;
    return returnAttentionScores ? [y, weights] : y;
  }

  protected override shapeOf(shapes: Shape[]): Shape | Shape[] {
    const {returnAttentionScores, inputNames} = this.options;
    const {query, value, key = value} = named(shapes, inputNames);
    const y: Shape = [...query.slice(0, -1), value.at(-1) as number];
    const scores: Shape = [...query.slice(0, -1), key.at(-2) as number];
    return returnAttentionScores ? [y, scores] : y;
  }
}

/** query[t] + key[s] for each pair of positions: [batch, T, S, width] */
const sumOfPairs = (query: tf.Tensor, key: tf.Tensor): tf.Tensor =>
  tf.add(tf.expandDims(query, -2), tf.expandDims(key, -3));

/**
 * The same with scores Σ scale·tanh(query + key).
 *
 * Source: keras/src/layers/attention/additive_attention.py; Bahdanau et al. 2014 (arXiv 1409.0473).
 */
export class AdditiveAttention extends Attention {
  /** @nocollapse */
  static override className = 'AdditiveAttention';

  constructor(args: ArgsOf<AttentionOptions> = {}) {
    super(args, {...DEFAULTS, useScale: true});
  }

  protected override buildWeights(query: Shape): void {
    if (!this.options.useScale) return;
    const {kinds} = resolveWeightKinds({}, {scale: 'glorotUniform'});
    this.scale = addWeightOf(this, kinds.scale, 'scale', [query.at(-1) as number]);
  }

  protected override scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const each = tf.tanh(sumOfPairs(query, key));
    return tf.sum(this.scale ? tf.mul(this.scale.read(), each) : each, -1);
  }
}
