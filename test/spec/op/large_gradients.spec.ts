/** Gradients of many rows and of long ones against the reference: sums over all rows stay exact. */
import {drawRows, expectRows, runRows} from '../../support/rows.js';

for (const [rows, cols] of [
  [1, 4099],
  [300, 65],
  [4099, 3],
  [65_537, 2],
]) {
  test(`[${rows}, ${cols}]`, async () => {
    const given = drawRows([rows, cols], {seed: rows, mean: 1});
    const dparams = 1e-5 * Math.sqrt(Math.max(1, rows / 1000));
    await expectRows(given, runRows(given), {y: 1e-5, dx: 1e-5, dparams});
  });
}

test('mean 1e4, spread 1: the rounding of the mean does not reach the gradients', async () => {
  const given = drawRows([5, 300], {seed: 2, mean: 1e4, deviation: 1});
  await expectRows(given, runRows(given), {y: 1e-3, dx: 2e-5, dparams: 2e-5});
});
