/** Gradients of many rows and of long ones against the reference: sums over all rows stay exact. */
import {kernelKind} from '../../backends/current.js';
import {drawRows, expectRows, runRows} from '../../support/rows.js';

/** The sums over the rows by tfjs's own ops, of which composed kernels are made, are less exact. */
const TOLERANCES = {y: 5e-7, dx: 5e-7, dparams: kernelKind === 'composed' ? 1e-5 : 1e-6};

for (const [rows, cols] of [
  [1, 4099],
  [300, 65],
  [4099, 3],
  [65_537, 2],
]) {
  test(`[${rows}, ${cols}]`, async () => {
    const given = drawRows([rows, cols], {seed: rows, mean: 1});
    await expectRows(given, runRows(given), TOLERANCES);
  });
}

test('mean 1e4, spread 1: the rounding of the mean does not reach the gradients', async () => {
  const given = drawRows([5, 300], {seed: 2, mean: 1e4, deviation: 1});
  await expectRows(given, runRows(given), TOLERANCES);
});
