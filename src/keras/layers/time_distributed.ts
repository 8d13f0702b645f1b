/** A layer that is called for each step of its input. */
import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape, type SymbolicTensor} from '@tensorflow/tfjs-layers';
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

  /** Found before the layer inside is built, which may narrow what it takes to one shape. */
  private readonly wantedRank = rankOf(this.layer);

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

  /**
   * @throws Error The mask is none that the layer inside can use, in Keras either; or the steps are of
   * another rank than the layer inside is made for.
   */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [x, mask] = shapesOf(inputShape);
    this.checkRank(x);
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

  /**
   * Keras 3 runs the layer inside without a look at the rank of what it is given. What then comes out
   * is of another shape than Keras itself said when the model was built.
   */
  private checkRank([batch, , ...sizes]: Shape): void {
    const {inputs} = this.layer as layers.Layer & {inputs?: SymbolicTensor[]};
    const wanted = inputs?.[0].shape.length ?? this.wantedRank;
    if (wanted === undefined || wanted === sizes.length + 1) return;
    throw new Error(
      `${this.getClassName()} layer "${this.name}": ${this.layer.getClassName()} layer ` +
        `"${this.layer.name}" takes inputs of rank ${wanted}, but is given steps of the shape ` +
        `${JSON.stringify([batch, ...sizes])}. In Python reshape the tensor before the call.`,
    );
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

/** The only rank of inputs, the batch counted, that a layer is made for; undefined if there are several. */
function rankOf(layer: layers.Layer): number | undefined {
  const name = layer.getClassName();
  // Dropouts give back what they are given, except in training.
  const places = name.startsWith('SpatialDropout') ? undefined : name.match(/([123])D$/)?.[1];
  const steps = name.startsWith('ConvLSTM') ? 1 : 0;
  if (places) return Number(places) + steps + 2;
  return layer.inputSpec?.[0]?.ndim;
}
