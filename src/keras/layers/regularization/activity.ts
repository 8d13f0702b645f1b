/**
 * Penalties on what layers give. Keras adds them to the loss in training; tfjs's layers take the option
 * `activityRegularizer`, and leave it out.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {type DenseOptions, resolveDenseOptions} from '../dense_options.js';
import {type LayerArgs, OptionsLayer} from '../options_layer.js';

type Layer = layers.Layer;

/** An object, the name of one, or its saved config. */
export type RegularizerOption = DenseOptions['kernelRegularizer'] | tf.serialization.ConfigDict;

/** Whether what layers give counts for the loss now, although it is not in training. */
let isTested = false;

/** What `test` returns, which runs a model for the sake of its loss. */
export function whilePenalized<T>(test: () => T): T {
  isTested = true;
  try {
    return test();
  } finally {
    isTested = false;
  }
}

/**
 * Adds a penalty on the outputs of a layer to the loss of its model, for each call in training or tests.
 *
 * @param perExample whether the penalty is divided by the size of the batch
 */
export function penalizeActivity(
  layer: Layer,
  option: RegularizerOption,
  perExample: boolean,
): void {
  const given = {kernelRegularizer: option} as DenseOptions;
  const {kernelRegularizer} = resolveDenseOptions(given);
  const penalties: tf.Tensor[] = [];
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    const outputs = call(inputs, kwargs);
    if (kwargs?.training || isTested) {
      for (const y of [outputs].flat()) {
        const penalty = tf.tidy(() => {
          const sum = kernelRegularizer.apply(y);
          return perExample ? tf.div(sum, Math.max(y.shape[0] ?? 1, 1)) : sum;
        });
        penalties.push(tf.keep(penalty)); // the model around it may tidy up before it is asked
      }
    }
    return outputs;
  };
  // tfjs asks a layer that is called several times as often; what was told once is not told again.
  layer.addLoss(() => {
    const told = penalties.splice(0).filter((penalty) => !penalty.isDisposed);
    const sum = told.reduce((a, b) => tf.add(a, b), tf.scalar(0));
    tf.dispose(told);
    return sum as tf.Scalar;
  });
}

export interface ActivityRegularizationArgs extends LayerArgs {
  l1?: number;
  l2?: number;
  /** Whether the penalty is divided by the size of the batch, as it is not in all versions of Keras. */
  perExample?: boolean;
}

/** Gives its input, and adds l1·Σ|x| + l2·Σx² to the loss in training. */
export class ActivityRegularization extends OptionsLayer<{
  l1: number;
  l2: number;
  perExample: boolean;
}> {
  /** @nocollapse */
  static className = 'ActivityRegularization';

  constructor(args: ActivityRegularizationArgs = {}) {
    super(args, {l1: 0, l2: 0, perExample: true});
    const {l1, l2, perExample} = this.options;
    penalizeActivity(this, {className: 'L1L2', config: {l1, l2}}, perExample);
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return x.clone();
  }
}
