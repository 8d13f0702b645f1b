/** Gradients that tfjs lacks, or has otherwise than TensorFlow. */
import * as tf from '@tensorflow/tfjs-core';

type Save = (tensors: tf.Tensor[]) => void;

/**
 * What `f` gives, with a gradient of 0: for comparisons and the like, at which tfjs's backward pass
 * would stop with an error, and for casts to whole numbers, through which it would go.
 *
 * @param inputs the tensors that `f` reads
 */
export function withoutGradient(inputs: tf.Tensor[], f: () => tf.Tensor): tf.Tensor {
  const zeros = () => inputs.map(({shape}) => tf.zeros(shape));
  return tf.customGrad(() => ({value: f(), gradFunc: zeros}))(...inputs);
}

/** What `f` gives, with the gradient that `back` gives for each input. */
export function withGradient(
  inputs: tf.Tensor[],
  f: () => tf.Tensor,
  back: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor[],
): tf.Tensor {
  return tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as Save;
    const value = f();
    save([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => back(dy, saved[0]),
    };
  })(...inputs);
}

const lacksSegmentSum = () => tf.getKernel('UnsortedSegmentSum', tf.getBackend()) === undefined;

/**
 * The slices of x along an axis at the places that `indices`, int32 of any rank, name.
 *
 * The gradient is tfjs's, but on wasm, which lacks its kernel, a product with one-hot rows.
 */
export function gather(x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
  if (!lacksSegmentSum()) return tf.gather(x, indices, axis);
  const flat = tf.reshape(indices, [-1]) as tf.Tensor1D;
  return withGradient(
    [x],
    () => tf.gather(x, indices, axis),
    (dy) => {
      const before = x.shape.slice(0, axis);
      const after = x.shape.slice(axis + 1);
      const size = x.shape[axis];
      const [m, n] = [before, after].map((shape) => shape.reduce((a, b) => a * b, 1));
      const rows = tf.reshape(dy, [m, flat.size, n]);
      const oneHot = tf.cast(tf.oneHot(flat, size), 'float32');
      const dx = tf.matMul(tf.tile(tf.expandDims(oneHot, 0), [m, 1, 1]), rows, true, false);
      return [tf.reshape(dx, x.shape)];
    },
  );
}
