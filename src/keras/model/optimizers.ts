/** Optimisers by Keras's formulas, where tfjs has others. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * Adam with its epsilon where Keras has it: beside the root of the second moment, not of the second
 * moment that is corrected for its start at 0. Source: Kingma, Ba 2014 (arXiv 1412.6980), section 2, the
 * more efficient order; keras.optimizers.Adam.
 */
export class KerasAdam extends tf.AdamOptimizer {
  private steps = 0;

  constructor(
    learningRate: number,
    beta1: number,
    beta2: number,
    private readonly kerasEpsilon: number,
  ) {
    super(learningRate, beta1, beta2, kerasEpsilon);
  }

  override applyGradients(...gradients: Parameters<tf.AdamOptimizer['applyGradients']>): void {
    this.steps++;
    // tfjs adds it to √(v / (1 − β₂ᵗ)), so that it must be divided by the same root.
    this.epsilon = this.kerasEpsilon / Math.sqrt(1 - this.beta2 ** this.steps);
    super.applyGradients(...gradients);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), epsilon: this.kerasEpsilon};
  }
}

/** Gradient descent with momentum, of which tfjs's own class leaves the learning rate when it is disposed. */
export class KerasMomentum extends tf.MomentumOptimizer {
  override dispose(): void {
    super.dispose();
    this.c.dispose();
  }
}
