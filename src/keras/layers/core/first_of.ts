import type * as tf from '@tensorflow/tfjs-core';
import {type LayerArgs, OptionsLayer} from '../options_layer.js';

/**
 * Gives the first of its inputs as it is. The loader has it take an input that no layer of the model
 * uses, too: tfjs would leave such an input out when it saves the model.
 */
export class FirstOf extends OptionsLayer {
  /** @nocollapse */
  static className = 'FirstOf';

  constructor(args: LayerArgs = {}) {
    super(args, {});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return x.clone(); // tfjs disposes of an input and of an output on its own
  }
}
