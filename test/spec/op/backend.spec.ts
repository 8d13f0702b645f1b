/** The bench itself: every backend's spec runs where it says it runs. */
import fc from 'fast-check';
import {backendName, tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';

describe('the backend under test', () => {
  it('is the one in use', () => {
    expect(tf.getBackend()).toBe(backendName);
  });

  it.each([
    [[3], 6],
    [[2, 3], 30],
  ])('sums squares of shape %j to %d', async (shape, scale) => {
    const size = tf.util.sizeFromShape(shape);
    const values = Float32Array.from({length: size}, (_, i) => i + 1);
    const sum = tf.tidy(() => tf.tensor(values, shape).square().sum());
    const expected = values.reduce((total, value) => total + value * value, 0);
    expectClose(await sum.data(), [expected], 1e-6 * scale);
    sum.dispose();
  });

  it('gives the Float32Array of this realm', async () => {
    const x = tf.tensor1d([1, 2]);
    expect(await x.data()).toEqual(new Float32Array([1, 2]));
    expect(x.dataSync()).toBeInstanceOf(Float32Array);
    x.dispose();
  });

  it('has its own gradients', async () => {
    const gradient = tf.grad((x) => x.square().sum())(tf.tensor1d([1, -2, 3]));
    expectClose(await gradient.data(), [2, -4, 6], 0);
  });

  it('takes property tests', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 9}), (n) => {
        const ones = tf.ones([n]);
        expect(ones.size).toBe(n);
        ones.dispose();
      }),
      {numRuns: 5},
    );
  });
});
