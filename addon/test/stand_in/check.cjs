/**
 * Runs the addon's ops through the stand-in of libtensorflow, in Node for Windows:
 *
 *     node.exe check.cjs FOLDER        of addon.node, tfjs_binding.node and tensorflow.dll
 *
 * It prints `ok` and what it did, or throws.
 */
const assert = require('node:assert/strict');
const path = require('node:path');

const folder = path.resolve(process.argv[2]);
const addon = require(path.join(folder, 'addon.node'));
assert.throws(() => addon.register(), /@tensorflow\/tfjs-node is not loaded in this process/);
const binding = require(path.join(folder, 'tfjs_binding.node'));
assert.deepEqual(addon.register(), {tensorflow: 'stand-in'});
assert.deepEqual(addon.register(), {tensorflow: 'stand-in'}); // a second time registers nothing

/** Numbers from −2 to 2 that look like chance. */
function numbers(n, seed) {
  let state = seed;
  return Float32Array.from({length: n}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
}

/** Both ops on [rows, cols]: y, stats, dx, dgamma and dbeta. */
function results({rows, cols, x, dy, gamma, beta}) {
  const [tall, flat] = [[rows, cols], [cols]];
  const input = (shape, values) => ({shape, values});
  const forward = [input(tall, x), input(flat, gamma), input(flat, beta)];
  const [y, stats] = binding.run('TfjsLayerNorm', 1e-3, true, forward, 2);
  const backward = [input(tall, dy), input(tall, x), input([rows, 2], stats), input(flat, gamma)];
  return [y, stats, ...binding.run('TfjsLayerNormGrad', 1e-3, true, backward, 3)];
}

/** The same in float64, by plain loops: y, dx, dgamma and dbeta. */
function expected({rows, cols, x, dy, gamma, beta}) {
  const [y, dx] = [new Float64Array(rows * cols), new Float64Array(rows * cols)];
  const [dgamma, dbeta] = [new Float64Array(cols), new Float64Array(cols)];
  for (let at = 0; at < rows * cols; at += cols) {
    const row = Float64Array.from(x.subarray(at, at + cols));
    const mean = row.reduce((sum, v) => sum + v, 0) / cols;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / cols;
    const rstd = 1 / Math.sqrt(variance + Math.fround(1e-3));
    const xhat = row.map((v) => (v - mean) * rstd);
    const g = row.map((_, i) => dy[at + i] * gamma[i]);
    const meanG = g.reduce((sum, v) => sum + v, 0) / cols;
    const meanGXhat = g.reduce((sum, v, i) => sum + v * xhat[i], 0) / cols;
    for (let i = 0; i < cols; i++) {
      y[at + i] = xhat[i] * gamma[i] + beta[i];
      dx[at + i] = rstd * (g[i] - meanG - xhat[i] * meanGXhat);
      dgamma[i] += dy[at + i] * xhat[i];
      dbeta[i] += dy[at + i];
    }
  }
  return [y, dx, dgamma, dbeta];
}

/** The largest error, as a part of the largest value. */
function errorOf(actual, wanted) {
  assert.equal(actual.length, wanted.length);
  const size = wanted.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return actual.reduce((max, v, i) => Math.max(max, Math.abs(v - wanted[i])), 0) / size;
}

let worst = 0;
const bytes = (arrays) => Buffer.concat(arrays.map((array) => Buffer.from(array.buffer)));
const sets = ['portable', 'avx2', 'avx512'].filter((name) => addon.setInstructionSet(name));
for (const set of sets) {
  addon.setInstructionSet(set);
  // One row, narrow rows, rows with a rest, and few long rows, which are divided by columns.
  for (const [rows, cols] of [
    [1, 1],
    [37, 3],
    [333, 1023],
    [1031, 256],
    [3, 70001],
  ]) {
    const call = {rows, cols, x: numbers(rows * cols, 1), dy: numbers(rows * cols, 2)};
    Object.assign(call, {gamma: numbers(cols, 3), beta: numbers(cols, 4)});
    addon.setThreadCount(1);
    const alone = results(call);
    if (cols > 1) {
      const [y, , ...gradients] = alone;
      expected(call).forEach((wanted, i) => {
        worst = Math.max(worst, errorOf([y, ...gradients][i], wanted));
      });
    }
    for (const threads of [2, 3, 8]) {
      addon.setThreadCount(threads);
      assert.equal(addon.threadCount(), threads);
      assert.ok(bytes(results(call)).equals(bytes(alone)), `other bits with ${threads} threads`);
    }
  }
}
assert.ok(worst < 2e-6, `an error of ${worst}`);

const x = {shape: [2, 3], values: numbers(6, 1)};
const wide = {shape: [4], values: numbers(4, 1)};
assert.throws(
  () => binding.run('TfjsLayerNorm', 1e-3, true, [x, wide, wide], 2),
  /TfjsLayerNorm: gamma must have the shape \[3\], but has \[4\]/,
);
assert.throws(
  () => binding.run('TfjsLayerNorm', -1, true, [x, wide, wide], 2),
  /TfjsLayerNorm: epsilon must be a finite number ≥ 0, but is -1/,
);
console.log(
  `ok: ${process.platform}-${process.arch}, Node ${process.version}, ${sets.join(' and ')}; ` +
    `largest relative error ${worst.toExponential(1)}, the same bits with 1, 2, 3 and 8 threads`,
);
