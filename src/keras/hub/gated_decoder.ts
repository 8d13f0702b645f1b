import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {type Activation, resolveActivation} from '../layers/activations/resolve.js';
import {causalMask, windowMask} from '../layers/attention/visibility.js';
import {EinsumDense} from '../layers/core/einsum_dense.js';
import type {CallArgs} from '../layers/options_layer.js';
import {FAMILIES, type Family, type Held} from './decoder_families.js';
import {GatedAttention, type Sight} from './gated_attention.js';
import {DEFAULTS, type GatedDecoderOptions} from './gated_decoder_options.js';
import {built, type HubArgs, HubLayer, run} from './hub_layer.js';
import {ScaleNormalization} from './scale_normalization.js';
import {mergeMasks} from './transformer_layer.js';

/** The layers within, in the order in which they are made. */
const INNER = [
  ...(['attentionNorm', 'attentionPostNorm', 'attention', 'feedforwardNorm'] as const),
  ...(['feedforwardPostNorm', 'gate', 'up', 'down'] as const),
];

const ARGUMENTS = [
  ...['decoderSequence', 'decoderPaddingMask', 'decoderAttentionMask', 'decoderSequenceMask'],
  ...['x', 'paddingMask'],
];

/**
 * The block of Mistral, Qwen, Phi-3 and Gemma: attention to what came before, with rotated queries and
 * keys of which several queries share one, then a network of two dense layers of which one is a gate for
 * the other; what each is given is normalised by its root mean square. Arguments: `decoderSequence` or `x`
 * [batch, steps, features], `decoderPaddingMask` or `paddingMask` [batch, steps] (in its place the mask
 * that the sequence carries, `decoderSequenceMask`), `decoderAttentionMask` [batch, steps, steps]. Output:
 * the shape of the sequence. There is no cache of earlier steps.
 *
 * Source: keras_hub/src/models, mistral/mistral_transformer_decoder.py, qwen/qwen_decoder.py,
 * qwen3/qwen3_decoder.py, phi3/phi3_decoder.py, gemma/gemma_decoder_block.py and
 * gemma3/gemma3_decoder_block.py.
 */
export class GatedDecoder extends HubLayer<GatedDecoderOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>GatedDecoder';
  static override innerLayers = Object.values(FAMILIES as Record<string, Family>).flatMap(
    (family) => INNER.flatMap((what) => (family[what] ? [(family[what] as Held)[0]] : [])),
  );

  private readonly activation: Activation;
  private readonly afterPart: layers.Layer;
  /** The layers by what they are for; the properties that hold them are called as those of Python. */
  readonly #held = new Map<keyof Family, layers.Layer>();

  /** @throws Error An input that the layer does not know, or an unknown activation. */
  constructor(args: HubArgs<GatedDecoderOptions>) {
    super(args, DEFAULTS, ARGUMENTS);
    this.activation = resolveActivation(this.options.activation);
    this.afterPart = layers.dropout({name: 'dropout', rate: this.options.dropout});
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), activation: this.activation.getClassName()};
  }

  /** @throws Error The heads cannot share the features, or the window is empty. */
  protected override buildOn(shapes: Record<string, Shape>): void {
    const shape = shapes.decoderSequence ?? shapes.x;
    const width = shape.at(-1) as number;
    const {
      intermediateDim,
      gateDimReduction,
      numQueryHeads,
      numKeyValueHeads,
      headDim,
      slidingWindow,
    } = this.options;
    const size = headDim ?? Math.floor(width / numQueryHeads);
    if (slidingWindow !== null && slidingWindow < 1) {
      throw this.error(`its window must be of 1 position or more, but is ${slidingWindow}.`);
    }
    if (size < 1 || size % 2 || numQueryHeads % numKeyValueHeads) {
      throw this.error(
        `${width} features cannot be shared by ${numQueryHeads} heads of the queries and ` +
          `${numKeyValueHeads} of the keys: each needs an even number, and the first a multiple of the second.`,
      );
    }
    this.hold('attentionNorm', shape, (name) => this.norm(name));
    this.hold('attention', shape, (name) => {
      return new GatedAttention({...this.options, name, headDim: size});
    });
    const {usePostAttentionNorm, usePostFfwNorm} = this.options;
    if (usePostAttentionNorm) this.hold('attentionPostNorm', shape, (name) => this.norm(name));
    this.hold('feedforwardNorm', shape, (name) => this.norm(name));
    const between = Math.floor(intermediateDim / gateDimReduction);
    const dense = (units: number) => (name: string) => this.dense(name, units);
    this.hold('gate', shape, dense(between));
    this.hold('up', shape, dense(between));
    this.hold('down', [...shape.slice(0, -1), between], dense(width));
    if (usePostFfwNorm) this.hold('feedforwardPostNorm', shape, (name) => this.norm(name));
  }

  protected override compute(given: Record<string, tf.Tensor>, kwargs: CallArgs): tf.Tensor {
    const x = given.decoderSequence ?? given.x;
    const attention = this.#held.get('attention') as GatedAttention;
    const seeing = attention.attend(
      this.run('attentionNorm', x, kwargs),
      this.sight(given),
      kwargs,
    );
    const attended = this.post('attentionPostNorm', seeing, kwargs);
    const y = tf.add(x, run(this.afterPart, attended, kwargs));
    const normalised = this.run('feedforwardNorm', y, kwargs);
    const gate = this.activation.apply(this.run('gate', normalised, kwargs));
    const between = tf.mul(this.run('up', normalised, kwargs), gate);
    const found = this.post('feedforwardPostNorm', this.run('down', between, kwargs), kwargs);
    const {dropsNetwork} = FAMILIES[this.options.family];
    return tf.add(y, dropsNetwork ? run(this.afterPart, found, kwargs) : found);
  }

  private sight(given: Record<string, tf.Tensor>): Sight {
    const steps = (given.decoderSequence ?? given.x).shape[1] as number;
    const {family, slidingWindow, zeroUnseeing} = this.options;
    const padding = given.decoderPaddingMask ?? given.paddingMask ?? given.decoderSequenceMask;
    const before = mergeMasks(padding, given.decoderAttentionMask).reduce(
      (one, other) => tf.mul(one, other),
      causalMask(steps, steps),
    );
    const seen =
      slidingWindow === null ? before : tf.mul(before, windowMask(steps, steps, slidingWindow));
    const any = (mask: tf.Tensor) => tf.max(mask, 2, true);
    if (zeroUnseeing) return {seen, taking: any(seen)};
    // Gemma looks whether a position sees any without its window.
    return FAMILIES[family].wipesUnseeing ? {seen, taking: any(before)} : {seen};
  }

  private hold(what: keyof Family, shape: Shape, make: (name: string) => layers.Layer): void {
    const family: Family = FAMILIES[this.options.family];
    const [attribute, name] = family[what] as Held;
    const layer = built(make(name), shape);
    this.#held.set(what, layer);
    Object.assign(this, {[attribute]: layer});
  }

  private norm(name: string): ScaleNormalization {
    const {addsOne} = FAMILIES[this.options.family];
    return new ScaleNormalization({name, epsilon: this.options.layerNormEpsilon, addsOne});
  }

  private dense(name: string, units: number): EinsumDense {
    const {feedforward} = FAMILIES[this.options.family].equations;
    return new EinsumDense({name, equation: {name: feedforward}, outputShape: [null, units]});
  }

  private run(what: keyof Family, x: tf.Tensor, kwargs: CallArgs): tf.Tensor {
    return run(this.#held.get(what) as layers.Layer, x, kwargs);
  }

  /** The normalisation of what a part gives, where there is one. */
  private post(what: keyof Family, x: tf.Tensor, kwargs: CallArgs): tf.Tensor {
    return this.#held.has(what) ? this.run(what, x, kwargs) : x;
  }
}
