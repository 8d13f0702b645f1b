/** EnsureShape. tfjs takes its attribute, the shape, for an input that the node does not have. */
import * as tf from '@tensorflow/tfjs-core';
import type {Op} from './op.js';

/** @throws Error The tensor has another shape. */
export const ensureShape: Op = ({inputs: [x], attrs}) => {
  const shape = attrs.shape as number[] | undefined;
  const fits =
    shape === undefined ||
    (shape.length === x.rank && shape.every((size, i) => size === -1 || size === x.shape[i]));
  if (!fits) {
    throw new Error(
      `EnsureShape: the graph asks for a tensor of the shape [${shape}], but it is [${x.shape}].`,
    );
  }
  return tf.clone(x);
};
