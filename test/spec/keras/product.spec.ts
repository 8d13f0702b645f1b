/** The products that our layers are made of: of values and gradients, on both sides of each bound. */
import {product} from '../../../src/keras/operations/product.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

/** [batch, m, k]·[batch, k, n] in float64; b may be given as [batch, n, k]. */
function expected(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [batch, m, k, n]: number[],
  transposeB: boolean,
): Float64Array {
  const y = new Float64Array(batch * m * n);
  for (let i = 0; i < y.length; i++) {
    const [pair, row, col] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
    for (let j = 0; j < k; j++) {
      const at = transposeB ? (pair * n + col) * k + j : (pair * k + j) * n + col;
      y[i] += a[(pair * m + row) * k + j] * b[at];
    }
  }
  return y;
}

/** Each matrix of a batch turned over. */
function transposed(x: ArrayLike<number>, rows: number, cols: number) {
  return Float64Array.from(x, (_, i) => {
    const [pair, col, row] = [Math.floor(i / (rows * cols)), Math.floor(i / rows) % cols, i % rows];
    return x[(pair * rows + row) * cols + col];
  });
}

const CASES = [
  {name: 'small matrices', sizes: [1, 3, 4, 5]},
  {name: 'large matrices', sizes: [1, 65, 64, 66]},
  {name: 'small matrices by pairs', sizes: [3, 2, 4, 5]},
  {name: 'large matrices by pairs', sizes: [2, 65, 64, 66]},
];

describe.each(CASES)('$name', ({sizes}) => {
  const [batch, m, k, n] = sizes;
  const random = new Random(4);
  const [a, b, dy, v] = [batch * m * k, batch * k * n, batch * m * n, batch * m * k].map((size) =>
    random.normal(size),
  );
  const shape = (rows: number, cols: number) => (batch > 1 ? [batch, rows, cols] : [rows, cols]);

  test.each([false, true])('values and gradients, b transposed: %s', (transposeB) => {
    const shapeOfB = transposeB ? shape(n, k) : shape(k, n);
    const f = (x: tf.Tensor, y: tf.Tensor) => product(x, y, {transposeB});
    const {value, da, db, ddy} = tf.tidy(() => {
      const [x, y] = [tf.tensor(a, shape(m, k)), tf.tensor(b, shapeOfB)];
      const upstream = tf.tensor(dy, shape(m, n));
      const {value, grads} = tf.valueAndGrads(f)([x, y], upstream);
      // ⟨da, v⟩ by dy is v·b.
      const ofDa = (up: tf.Tensor) =>
        tf.sum(tf.mul(tf.grads(f)([x, y], up)[0], tf.tensor(v, x.shape)));
      const ddy = tf.grad(ofDa)(upstream);
      const [valueData, da, db, ddyData] = [value, ...grads, ddy].map((each) => each.dataSync());
      return {value: valueData, da, db, ddy: ddyData} as never;
    }) as unknown as Record<'value' | 'da' | 'db' | 'ddy', Float32Array>;

    expectClose(value, expected(a, b, sizes, transposeB), 2e-6);
    expectClose(da, expected(dy, b, [batch, m, n, k], !transposeB), 2e-6);
    const ofB = transposeB
      ? expected(transposed(dy, m, n), a, [batch, n, m, k], false)
      : expected(transposed(a, m, k), dy, [batch, k, m, n], false);
    expectClose(db, ofB, 2e-6);
    expectClose(ddy, expected(v, b, sizes, transposeB), 2e-6);
  });
});

test.each([
  [3, 4, 5],
  [65, 64, 66],
])('a bias of the product of [%d, %d] and [%d] columns', (m, k, n) => {
  const random = new Random(6);
  const [a, b, bias, dy] = [m * k, k * n, n, m * n].map((size) => random.normal(size));
  const [y, dbias] = tf.tidy(() => {
    const [x, kernel] = [tf.tensor(a, [m, k]), tf.tensor(b, [k, n])];
    const f = (offset: tf.Tensor) => product(x, kernel, {bias: offset});
    const {value, grad} = tf.valueAndGrad(f)(tf.tensor1d(bias), tf.tensor(dy, [m, n]));
    return [value, grad].map((each) => each.dataSync());
  });
  const products = expected(a, b, [1, m, k, n], false);
  expectClose(
    y,
    products.map((value, i) => value + bias[i % n]),
    2e-6,
  );
  const sums = Float64Array.from(bias, (_, col) =>
    dy.reduce((sum, value, i) => (i % n === col ? sum + value : sum), 0),
  );
  expectClose(dbias, sums, 2e-6);
});

test('nothing is left, with a gradient or without', () => {
  const [a, b] = [tf.ones([2, 65, 64]), tf.ones([2, 64, 66])];
  const run = () => {
    product(a, b).dispose();
    tf.dispose(tf.grads((x, y) => product(x, y))([a, b]));
  };
  run();
  const before = tf.memory().numTensors;
  run();
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([a, b]);
});
