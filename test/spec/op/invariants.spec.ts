/** What layer normalisation promises whatever the numbers: properties over random shapes and axes. */
import fc from 'fast-check';
import {layerNorm, rmsNorm} from '../../../src/index.js';
import {rmsScaling} from '../../../src/ops/rms_scaling.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {expectedBackward, expectedForward} from '../../support/expected.js';

/** Any shape of rank 1 to 6 with any of its dimensions as axes, in any order, some negative. */
const shapeAndAxes = fc
  .array(fc.integer({min: 1, max: 5}), {minLength: 1, maxLength: 6})
  .chain((shape) =>
    fc.shuffledSubarray([...shape.keys()], {minLength: 1}).chain((axes) =>
      fc.array(fc.boolean(), {minLength: axes.length, maxLength: axes.length}).map((negative) => ({
        shape,
        axes,
        axis: axes.map((axis, i) => (negative[i] ? axis - shape.length : axis)),
      })),
    ),
  );

const numbers = fc.record({
  seed: fc.integer(),
  epsilon: fc.constantFrom(1e-3, 1e-6, 0.1, 0.5),
  hasGamma: fc.boolean(),
  hasBeta: fc.boolean(),
});

/** dx beside the size of the terms that make it up; a last 1 keeps the comparison absolute. */
function scaled(dx: ArrayLike<number>, {dxScale}: {dxScale: Float64Array}): number[] {
  return [...Array.from(dx, (value, i) => value / dxScale[i]), 1];
}

test('values and gradients are the reference’s for any shape, axes, epsilon, gamma and beta', () => {
  fc.assert(
    fc.property(
      shapeAndAxes,
      numbers,
      ({shape, axes, axis}, {seed, epsilon, hasGamma, hasBeta}) => {
        const random = new Random(seed);
        const size = tf.util.sizeFromShape(shape);
        const paramShape = axes.map((a) => shape[a]);
        const cols = tf.util.sizeFromShape(paramShape);
        const [x, dy] = [random.normal(size), random.normal(size)];
        const gamma = hasGamma ? random.normal(cols) : undefined;
        const beta = hasBeta ? random.normal(cols) : undefined;
        const options = {shape, axes, gamma, beta, epsilon, center: true};

        const [y, dx, dgamma, dbeta] = tf.tidy(() => {
          const params = [gamma, beta].map((p) => p && tf.tensor(p, paramShape));
          const given = params.filter((p) => p != null);
          const f = (...inputs: tf.Tensor[]) => {
            const rest = inputs.slice(1);
            const gammaTensor = hasGamma ? rest.shift() : undefined;
            return layerNorm(inputs[0], {
              gamma: gammaTensor,
              beta: rest[0],
              axis,
              epsilon,
            });
          };
          const inputs = [tf.tensor(x, shape), ...given];
          const gradients = tf.grads(f)(inputs, tf.tensor(dy, shape));
          const [first, ...others] = gradients.map((gradient) => gradient.dataSync());
          const gammaGradient = hasGamma ? others.shift() : undefined;
          return [f(...inputs).dataSync(), first, gammaGradient, others[0]];
        });

        const expected = expectedBackward(dy, x, options);
        expectClose(y as Float32Array, expectedForward(x, options), 1e-5);
        expectClose(scaled(dx as Float32Array, expected), scaled(expected.dx, expected), 5e-6);
        if (dgamma) expectClose(dgamma, expected.dgamma, 5e-5);
        if (dbeta) expectClose(dbeta, expected.dbeta, 5e-5);
      },
    ),
    {numRuns: 40, seed: 7},
  );
});

test('rmsNorm has the reference’s values and gradients for any shape and axes', () => {
  fc.assert(
    fc.property(shapeAndAxes, fc.integer(), ({shape, axes, axis}, seed) => {
      const random = new Random(seed);
      const size = tf.util.sizeFromShape(shape);
      const [x, dy] = [random.normal(size), random.normal(size)];
      const options = {shape, axes, epsilon: 1e-6, center: false};
      const [y, dx] = tf.tidy(() => {
        const f = (v: tf.Tensor) => rmsNorm(v, {axis});
        const tensor = tf.tensor(x, shape);
        return [f(tensor).dataSync(), tf.grad(f)(tensor, tf.tensor(dy, shape)).dataSync()];
      });
      expectClose(y, expectedForward(x, options), 1e-5);
      const expected = expectedBackward(dy, x, options);
      expectClose(scaled(dx, expected), scaled(expected.dx, expected), 5e-6);
    }),
    {numRuns: 20, seed: 7},
  );
});

describe('each row', () => {
  const [rows, cols] = [6, 50];
  const x = new Random(3).normal(rows * cols, 2, 3);
  const normalized = (values: Float32Array, epsilon = 1e-6) =>
    tf.tidy(() => layerNorm(tf.tensor2d(values, [rows, cols]), {epsilon}).dataSync());

  test('has mean 0 and variance 1 before gamma and beta', () => {
    const y = normalized(x);
    for (let row = 0; row < rows; row++) {
      const values = Array.from(y.slice(row * cols, (row + 1) * cols));
      const mean = values.reduce((sum, v) => sum + v, 0) / cols;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / cols;
      expect(Math.abs(mean)).toBeLessThan(1e-6);
      expect(Math.abs(variance - 1)).toBeLessThan(1e-5);
    }
  });

  test('is the same when all its numbers are moved', () => {
    const moved = x.map((v) => Math.fround(v + 5));
    expectClose(normalized(moved), normalized(x), 1e-5, cols);
  });

  test('is the same when all its numbers are multiplied', () => {
    const multiplied = x.map((v) => v * 8);
    expectClose(normalized(multiplied, 0), normalized(x, 0), 1e-6, cols);
  });

  test('does not depend on the other rows: a batch of 1 equals its row in a batch of 64', () => {
    const batch = new Random(4).normal(64 * cols);
    const y64 = tf.tidy(() => layerNorm(tf.tensor2d(batch, [64, cols])).dataSync());
    for (const row of [0, 31, 63]) {
      const one = batch.slice(row * cols, (row + 1) * cols);
      const y1 = tf.tidy(() => layerNorm(tf.tensor2d(one, [1, cols])).dataSync());
      expectClose(y1, y64.slice(row * cols, (row + 1) * cols), 1e-6);
    }
  });

  test('has dx near 0 where dy is constant and gamma is 1', () => {
    const dx = tf.tidy(() =>
      tf
        .grad((v: tf.Tensor) => layerNorm(v))(tf.tensor2d(x, [rows, cols]), tf.ones([rows, cols]))
        .dataSync(),
    );
    expect(Math.max(...dx.map(Math.abs))).toBeLessThan(1e-6);
  });
});

describe('shapes and dtypes', () => {
  test('int32 input gives float32 output', () => {
    const [y, expected] = tf.tidy(() => {
      const ints = tf.tensor2d([1, 2, 3, 4, 50, 6], [2, 3], 'int32');
      return [layerNorm(ints), layerNorm(ints.toFloat())].map((t) => [t.dtype, t.arraySync()]);
    });
    expect(y).toEqual(expected);
    expect(y[0]).toBe('float32');
  });

  test('an array will do for x, gamma and beta', () => {
    const y = tf.tidy(() =>
      layerNorm([[0, 1, 2, 3, 4]], {
        gamma: [1, 1, 1, 1, 1],
        beta: [1, 1, 1, 1, 1],
      }).dataSync(),
    );
    // Keras's own test of arange(5) with gamma and beta 1.
    expectClose(y, [-0.41386, 0.29307, 1, 1.70693, 2.41386], 1e-5);
  });

  test('the last dimension is normalised where no axis is given', () => {
    const x = [
      [
        [3, 4],
        [6, 8],
      ],
    ];
    // √(mean of 3² and 4²) = √12.5, and (x − μ)/σ of two numbers is −1 and 1.
    const [rms, layer] = tf.tidy(() =>
      [rmsNorm(x, {epsilon: 0}), layerNorm(x, {epsilon: 0})].map((y) => y.dataSync()),
    );
    const [a, b] = [3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)];
    expectClose(rms, [a, b, a, b], 1e-6);
    expectClose(layer, [-1, 1, -1, 1], 1e-6);
  });

  test('rms_scaling of Keras divides by the standard deviation, and needs no gamma', () => {
    const y = tf.tidy(() => rmsScaling(tf.tensor2d([[2, 6]]), {axis: -1, epsilon: 0}).dataSync());
    expectClose(y, [1, 3], 1e-6); // the standard deviation of 2 and 6 is 2
  });

  for (const shape of [[0, 5], [1, 0, 10], [3, 0], [0]]) {
    test(`an empty tensor [${shape}] gives an empty one, and gradients of 0`, () => {
      const cols = shape[shape.length - 1];
      const [y, dx, dgamma, dbeta] = tf.tidy(() => {
        const f = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => layerNorm(x, {gamma, beta});
        const inputs = [tf.zeros(shape), tf.ones([cols]), tf.ones([cols])] as const;
        const gradients = tf.grads((...args: tf.Tensor[]) => f(args[0], args[1], args[2]))(
          [...inputs],
          tf.zeros(shape),
        );
        return [f(...inputs), ...gradients].map((t) => ({
          shape: t.shape,
          data: [...t.dataSync()],
        }));
      });
      expect(y).toEqual({shape, data: []});
      expect(dx).toEqual({shape, data: []});
      expect(dgamma).toEqual({shape: [cols], data: new Array(cols).fill(0)});
      expect(dbeta).toEqual(dgamma);
    });
  }
});
