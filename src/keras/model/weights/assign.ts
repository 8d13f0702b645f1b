/** Gives stored tensors to the weights of one layer. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable} from '@tensorflow/tfjs-layers';
import type {Pace, StoredTensor} from '../../read/tensor.js';
import {type Layer, localName} from './parts.js';

/** The tensor of the file that each weight is to have. */
export type Assigned = Map<LayerVariable, StoredTensor>;

export const placeOf = (layer: Layer) => `${layer.getClassName()} layer "${layer.name}"`;

export const countsDiffer = (layer: Layer, count: number, stored: number) =>
  `${placeOf(layer)} has ${count} weights, but the file ${stored} for it.`;

/**
 * Notes which tensor each weight of a layer is to have.
 *
 * @throws Error Not as many tensors as weights, or of other shapes.
 */
export function assign(
  layer: Layer,
  weights: LayerVariable[],
  stored: StoredTensor[],
  assigned: Assigned,
): void {
  const where = placeOf(layer);
  if (stored.length !== weights.length) {
    throw new Error(countsDiffer(layer, weights.length, stored.length));
  }
  stored.forEach((tensor, i) => {
    const {shape} = tensor;
    const own = weights[i].shape as number[];
    if (!tf.util.arraysEqual(shape, own)) {
      throw new Error(
        `${where}: its weight ${i}, ${localName(weights[i])}, has the shape [${own}], ` +
          `but in the file [${shape}].`,
      );
    }
    assigned.set(weights[i], tensor);
  });
}

/** Reads each tensor and gives it to its weight, one at a time: so no second copy of all is made. */
export async function readAssigned(
  assigned: Assigned,
  pace: Pace,
  onProgress: (done: number) => void,
): Promise<void> {
  let left = 0;
  for (const {size} of assigned.values()) left += size;
  const all = Math.max(1, left);
  for (const [weight, tensor] of assigned) {
    // A class of a user's own may have a weight of whole numbers.
    const {dtype} = weight.read();
    const value = tf.tensor(await tensor.read(pace), tensor.shape, dtype);
    // Not by `setWeights`, which applies constraints: Keras loads weights as they were saved.
    tf.Variable.prototype.assign.call(weight.read() as tf.Variable, value);
    value.dispose();
    left -= tensor.size;
    onProgress(1 - left / all);
    await pace();
  }
}
