/** Products of transposed matrices by the kernel that may be in the place of tfjs's, on both sides of its bounds. */

import {traits} from '../../../src/kernels/traits.js';
import {mendMatMul} from '../../../src/mended/mat_mul.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

test('it is put in place once, where the backend needs it', () => {
  const kernelOf = () => tf.getKernel('BatchMatMul', tf.getBackend()).kernelFunc;
  const ofTfjs = kernelOf();
  mendMatMul();
  const kernel = kernelOf();
  expect(kernel !== ofTfjs).toBe(traits().multipliesPlainMatrices);
  mendMatMul();
  expect(kernelOf()).toBe(kernel);
});

/** [batch, m, k]·[batch, k, n] in float64, of the values as they lie where neither is transposed. */
function expected(a: Float32Array, b: Float32Array, [batch, m, k, n]: number[]): Float64Array {
  return Float64Array.from({length: batch * m * n}, (_, i) => {
    const [pair, row, col] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
    let sum = 0;
    for (let j = 0; j < k; j++) sum += a[(pair * m + row) * k + j] * b[(pair * k + j) * n + col];
    return sum;
  });
}

describe.each([
  {name: 'few multiplications', sizes: [1, 24, 25, 27]},
  {name: 'many', sizes: [1, 65, 64, 66]},
  {name: 'one row, whose product reads each number once', sizes: [1, 1, 160, 170]},
  {name: 'several matrices', sizes: [3, 33, 34, 35]},
])('$name', ({sizes}) => {
  const [batch, m, k, n] = sizes;
  const random = new Random(7);
  const [a, b] = [batch * m * k, batch * k * n].map((size) =>
    Float32Array.from(random.normal(size)),
  );

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('a transposed: %s, b transposed: %s', (transposeA, transposeB) => {
    const before = tf.memory().numTensors;
    const given = (values: Float32Array, rows: number, cols: number, isTransposed: boolean) => {
      const x = tf.tensor3d(values, [batch, rows, cols]);
      return isTransposed ? tf.transpose(x, [0, 2, 1]) : x;
    };
    const y = tf.tidy(() => {
      const [left, right] = [given(a, m, k, transposeA), given(b, k, n, transposeB)];
      return tf.matMul(left, right, transposeA, transposeB).dataSync() as never;
    }) as unknown as Float32Array;
    expectClose(y, expected(a, b, sizes), 2e-6);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('matrices of rank 2, again and again, leave no memory behind', () => {
  const [a, b] = [tf.ones([64, 65]), tf.ones([64, 66])];
  const before = tf.engine().backend.numDataIds();
  for (let i = 0; i < 3; i++) tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true).dispose();
  expect(tf.engine().backend.numDataIds()).toBe(before);
  tf.dispose([a, b]);
});
