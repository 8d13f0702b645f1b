/** A layer that is called for each step of its input. */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {shapesOf} from './options_layer.js';

type Wrapper = layers.Layer & {layer: layers.Layer};

// tfjs exports a factory, but not its class.
const BuiltIn = layers.timeDistributed({layer: layers.activation({activation: 'linear'})})
  .constructor as (new (args: object) => Wrapper) & {fromConfig: typeof layers.Layer.fromConfig};

/**
 * Takes the built-in's place, which hands the layer inside the mask of whichever layer ran before it.
 * Here the mask is the second input, [batch, steps, …], and the layer is given that of each step.
 */
export class TimeDistributed extends BuiltIn {
  /** @nocollapse */
  static className = 'TimeDistributed';

  override build(inputShape: Shape | Shape[]): void {
    super.build(shapesOf(inputShape)[0]);
    (this as {inputSpec: unknown}).inputSpec = null; // it would allow for one input only
  }

  /** x [batch, steps, …] → [batch, steps, …outputs] */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: {training?: boolean}): tf.Tensor {
    return tf.tidy(() => {
      const [x, mask] = [inputs].flat();
      const {training} = kwargs;
      const masks = mask && tf.unstack(mask, 1);
      const outputs = tf.unstack(x, 1).map((step, t) => {
        const given = masks ? this.withMask(step, masks[t]) : {inputs: step};
        return [this.layer.call(given.inputs, {...given.kwargs, training})].flat()[0];
      });
      return tf.stack(outputs, 1);
    });
  }

  /** @throws Error The mask is none that the layer inside can use, in Keras either. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [x, mask] = shapesOf(inputShape);
    const inMask = mask && [mask[0], ...mask.slice(2)];
    if (inMask && this.layer instanceof TimeDistributed) {
      this.layer.computeOutputShape([[x[0], ...x.slice(2)], inMask]);
    } else if (inMask && inMask.length !== 2) {
      throw new Error(
        `${this.name}: ${this.layer.getClassName()} layer "${this.layer.name}" takes a mask of its ` +
          `steps, [batch, steps], but is given one of the shape [${inMask}].`,
      );
    }
    return super.computeOutputShape(x) as Shape;
  }

  /** tfjs's recurrent layers take the mask as an argument, others here as an input. */
  private withMask(
    step: tf.Tensor,
    mask: tf.Tensor,
  ): {inputs: tf.Tensor | tf.Tensor[]; kwargs?: object} {
    return 'returnSequences' in this.layer
      ? {inputs: step, kwargs: {mask}}
      : {inputs: [step, mask]};
  }
}
