import type * as tf from '@tensorflow/tfjs-core';
import {type LayerArgs, OptionsLayer} from '../options_layer.js';

/** Gives x as it is, which is the first of several inputs. */
export class Identity extends OptionsLayer {
  /** @nocollapse */
  static className = 'Identity';

  constructor(args: LayerArgs = {}) {
    super(args, {});
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    return x.clone(); // tfjs disposes of an input and of an output on its own
  }
}
