/** Gradients that tfjs lacks, or has otherwise than TensorFlow. */
import * as tf from '@tensorflow/tfjs-core';
import {sizeOf} from './values.js';

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

/**
 * What `f` gives, with a gradient of ours.
 *
 * @param inputs the tensors that `f` reads; of others `back` must not read any, since they are gone by
 *     then
 * @param back of the gradient of y, y and the inputs, makes the gradients of the inputs; `undefined`
 *     for such as have none
 */
export function withGradient<Inputs extends tf.Tensor[]>(
  inputs: [...Inputs],
  f: () => tf.Tensor,
  back: (dy: tf.Tensor, y: tf.Tensor, inputs: Inputs) => (tf.Tensor | undefined)[],
): tf.Tensor {
  return tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as Save;
    const value = f();
    save([value, ...inputs]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, [y, ...given]: tf.Tensor[]) => {
        const made = back(dy, y, given as Inputs);
        return given.map((input, i) => made[i] ?? tf.zeros(input.shape));
      },
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
  return withGradient(
    [x, indices],
    () => tf.gather(x, indices, axis),
    (dy, _, [{shape}, places]) => {
      const [m, n] = [shape.slice(0, axis), shape.slice(axis + 1)].map(sizeOf);
      const rows = tf.reshape(dy, [m, places.size, n]);
      const flat = tf.reshape(places, [-1]) as tf.Tensor1D;
      const oneHot = tf.cast(tf.oneHot(flat, shape[axis]), 'float32');
      const dx = tf.matMul(tf.tile(tf.expandDims(oneHot, 0), [m, 1, 1]), rows, true, false);
      return [tf.reshape(dx, shape)];
    },
  );
}

/** The sums up to each place along an axis: tfjs's gradient has the axes in another order. */
export function cumulativeSum(x: tf.Tensor, axis: number, reverse = false): tf.Tensor {
  return withGradient(
    [x],
    () => tf.cumsum(x, axis, false, reverse),
    (dy) => [tf.cumsum(dy, axis, false, !reverse)],
  );
}

/** a/b, 0 where b is: tfjs has no gradient of it. */
export function divideNoNaN(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const isZero = withoutGradient([b], () => tf.equal(b, 0));
  const safe = tf.where(isZero, tf.onesLike(b), b);
  return choose(isZero, tf.zerosLike(tf.add(a, b)), tf.div(a, safe));
}

/** a·b, 0 where b is, though a has no end: the gradients of both are such products as well, as in TensorFlow. */
export function multiplyNoNaN(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const unlessZero = (x: tf.Tensor, y: tf.Tensor) =>
    tf.where(tf.equal(y, 0), tf.zerosLike(tf.add(x, y)), tf.mul(x, y));
  return withGradient(
    [a, b],
    () => unlessZero(a, b),
    (dy, _, [x, y]) => [sumTo(unlessZero(dy, y), x.shape), sumTo(unlessZero(x, dy), y.shape)],
  );
}

/**
 * a where the condition is 1, else b. In tfjs's own gradient what is not chosen is NaN where the
 * gradient of what is chosen has no end.
 */
export function choose(condition: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return withGradient(
    [condition, a, b],
    () => tf.where(condition, a, b),
    (dy, _, [isA, x, y]) => {
      const none = tf.zerosLike(dy);
      return [
        undefined,
        sumTo(tf.where(isA, dy, none), x.shape),
        sumTo(tf.where(isA, none, dy), y.shape),
      ];
    },
  );
}

/** The greater of two: tfjs's gradient of it does not broadcast. */
export const maximum = chosenBy(tf.maximum, tf.greaterEqual);

/** The lesser of two: tfjs's gradient of it does not broadcast. */
export const minimum = chosenBy(tf.minimum, tf.lessEqual);

/** Gives the gradient to the first of two where the test holds, else to the second, as TensorFlow does. */
function chosenBy(
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  isFirst: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): (a: tf.Tensor, b: tf.Tensor) => tf.Tensor {
  return (a, b) =>
    withGradient(
      [a, b],
      () => f(a, b),
      (dy, _, [x, y]) => {
        const ofFirst = tf.mul(dy, tf.cast(isFirst(x, y), 'float32'));
        return [sumTo(ofFirst, x.shape), sumTo(tf.sub(dy, ofFirst), y.shape)];
      },
    );
}

/** The sum of a gradient over what was broadcast. */
export function sumTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const padded = [...Array(dy.rank - shape.length).fill(1), ...shape];
  const axes = padded.flatMap((size, i) => (size === 1 && dy.shape[i] !== 1 ? [i] : []));
  return tf.reshape(axes.length ? tf.sum(dy, axes, true) : dy, shape);
}

/** x repeated along its axes: tfjs has no gradient of it above rank 4. */
export function tiled(x: tf.Tensor, times: number[]): tf.Tensor {
  return withGradient(
    [x],
    () => tf.tile(x, times),
    (dy, _, [{shape}]) => [
      times.reduce((sum, count, axis) => {
        if (count === 1) return sum;
        const [before, after] = [sum.shape.slice(0, axis), sum.shape.slice(axis + 1)];
        const apart = tf.reshape(sum, [sizeOf(before), count, shape[axis], sizeOf(after)]);
        return tf.reshape(tf.sum(apart, 1), [...before, shape[axis], ...after]);
      }, dy),
    ],
  );
}

/** x broadcast to a shape: tfjs has no gradient of it above rank 4. */
export function broadcastTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  return withGradient(
    [x],
    () => tf.broadcastTo(x, shape),
    (dy, _, [given]) => [sumTo(dy, given.shape)],
  );
}
