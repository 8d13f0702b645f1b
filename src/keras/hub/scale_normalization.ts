import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import {rmsNorm} from '../../ops/rms_norm.js';
import {addWeightOf, resolveWeightKinds} from '../layers/weight_kinds.js';
import {type HubArgs, HubLayer} from './hub_layer.js';

interface ScaleOptions {
  /** Default: 1e-6. */
  epsilon: number;
  /** Whether the scale is 1 more than the weight. Default: false. */
  addsOne: boolean;
}

/**
 * Root mean square normalisation with a scale, as each family of decoders has it under a name of its own.
 * Argument: `inputs`, any shape. Output: their shape.
 *
 * Source: keras_hub/src/models/mistral/mistral_layer_norm.py; `addsOne` is that of
 * keras_hub/src/models/gemma/rms_normalization.py.
 */
export class ScaleNormalization extends HubLayer<ScaleOptions> {
  /** @nocollapse */
  static override className = 'KerasHub>ScaleNormalization';

  private scale!: LayerVariable;

  constructor(args: HubArgs<ScaleOptions> = {}) {
    super(args, {epsilon: 1e-6, addsOne: false}, ['inputs']);
  }

  protected override buildOn({inputs: shape}: Record<string, Shape>): void {
    const initializer = this.options.addsOne ? 'zeros' : 'ones';
    const {kinds} = resolveWeightKinds({}, {scale: initializer});
    this.scale = addWeightOf(this, kinds.scale, 'scale', [shape.at(-1) as number]);
  }

  protected override compute({inputs}: Record<string, tf.Tensor>): tf.Tensor {
    const {epsilon, addsOne} = this.options;
    const scale = this.scale.read();
    return rmsNorm(inputs, {gamma: addsOne ? tf.add(scale, 1) : scale, epsilon});
  }
}
