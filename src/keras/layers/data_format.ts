/** Channels first or last: what the layers compute has them last. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';

/** As Keras says it, in tfjs's camelCase. */
export type DataFormat = 'channelsFirst' | 'channelsLast';

export const isFirst = (format?: DataFormat | null): boolean => format === 'channelsFirst';

/** x with its channels last. [batch, channels, …places] → [batch, …places, channels] */
export function toLast(x: tf.Tensor, format?: DataFormat | null): tf.Tensor {
  if (!isFirst(format)) return x;
  return tf.transpose(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
}

/** The way back. */
export function fromLast(x: tf.Tensor, format?: DataFormat | null): tf.Tensor {
  if (!isFirst(format)) return x;
  return tf.transpose(x, [0, x.rank - 1, ...x.shape.slice(1, -1).map((_, i) => i + 1)]);
}

/** A shape with its channels last. */
export function shapeToLast(shape: Shape, format?: DataFormat | null): Shape {
  return isFirst(format) ? [shape[0], ...shape.slice(2), shape[1]] : [...shape];
}

/** The way back. */
export function shapeFromLast(shape: Shape, format?: DataFormat | null): Shape {
  return isFirst(format) ? [shape[0], shape.at(-1) as number, ...shape.slice(1, -1)] : [...shape];
}
