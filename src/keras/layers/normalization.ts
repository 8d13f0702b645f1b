/**
 * The normalisations of this package as some versions of Keras compute them of whole numbers: they
 * bring what they computed back to the type of the input, which cuts off what is behind the point.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  GroupNormalization as Group,
  type GroupNormalizationArgs,
} from '../../layers/group_normalization.js';
import {
  LayerNormalization as Layer,
  type LayerNormalizationArgs,
} from '../../layers/layer_normalization.js';
import {
  RMSNormalization as RMS,
  type RMSNormalizationArgs,
} from '../../layers/rms_normalization.js';

interface Truncating {
  /** It is given whole numbers, if as float32, and gives such. Default: false. */
  truncates?: boolean;
}

/** Source: ops.layer_normalization of Keras 3.11. */
export class LayerNormalization extends Layer {
  private readonly truncates: boolean;

  constructor(args: LayerNormalizationArgs & Truncating = {}) {
    super(args);
    this.truncates = args.truncates ?? false;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.truncates ? truncated(() => super.call(inputs)) : super.call(inputs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return withOption(super.getConfig(), this.truncates);
  }
}

/** Source: GroupNormalization of Keras 3.7. */
export class GroupNormalization extends Group {
  private readonly truncates: boolean;

  constructor(args: GroupNormalizationArgs & Truncating = {}) {
    super(args);
    this.truncates = args.truncates ?? false;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.truncates ? truncated(() => super.call(inputs)) : super.call(inputs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return withOption(super.getConfig(), this.truncates);
  }
}

/** Source: ops.rms_normalization of Keras 3.11. */
export class RMSNormalization extends RMS {
  private readonly truncates: boolean;

  constructor(args: RMSNormalizationArgs & Truncating = {}) {
    super(args);
    this.truncates = args.truncates ?? false;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.truncates ? truncated(() => super.call(inputs)) : super.call(inputs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return withOption(super.getConfig(), this.truncates);
  }
}

const truncated = (compute: () => tf.Tensor): tf.Tensor =>
  tf.tidy(() => tf.cast(tf.cast(compute(), 'int32'), 'float32'));

/** Keras does not know the option: it is there only where it is set. */
function withOption(
  config: tf.serialization.ConfigDict,
  truncates: boolean,
): tf.serialization.ConfigDict {
  return truncates ? {...config, truncates} : config;
}
