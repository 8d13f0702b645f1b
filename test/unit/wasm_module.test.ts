/** The embedded WebAssembly modules: they are what the source says, and each computes alike. */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {instantiate, type Variant} from '../../src/kernels/wasm/module.js';
import {backward, forward} from '../../src/reference.js';
import {evaluate} from '../support/evaluate.js';

const root = path.resolve(__dirname, '../..');

test('module_bytes.ts is made of the source beside it (if not: npm run build)', () => {
  const made = evaluate(
    "import {moduleBytes} from './scripts/build_wasm.js';",
    'moduleBytes()',
  ) as string;
  const committed = readFileSync(path.join(root, 'src/kernels/wasm/module_bytes.ts'), 'utf8');
  expect(made.trimEnd() === committed.trimEnd()).toBe(true);
});

describe.each<[Variant, WebAssembly.MemoryDescriptor]>([
  ['simd', {initial: 4}],
  ['simdShared', {initial: 4, maximum: 65536, shared: true}],
  ['plain', {initial: 4}],
])('%s', (variant, descriptor) => {
  const memory = new WebAssembly.Memory(descriptor);
  const functions = instantiate(variant, memory);

  // 17 columns: whole vectors and a rest. 130 rows: more than two blocks of the sums.
  const rows = 130;
  const cols = 17;
  const epsilon = 1e-3;
  const center = true;
  const wave = (length: number, step: number) =>
    Float32Array.from({length}, (_, i) => 2 * Math.sin(step * i * i) + 0.5);
  const x = wave(rows * cols, 0.7);
  const dy = wave(rows * cols, 0.3);
  const gamma = wave(cols, 0.2);
  const beta = wave(cols, 0.9);

  let used = 16; // 0 stands for an absent buffer
  const allocate = (bytes: number) => {
    used += bytes;
    return used - bytes;
  };
  const put = (values: Float32Array) => {
    const offset = allocate(values.byteLength);
    new Float32Array(memory.buffer, offset, values.length).set(values);
    return offset;
  };
  const get = (offset: number, length: number) =>
    Float32Array.from(new Float32Array(memory.buffer, offset, length));

  const at = {x: put(x), dy: put(dy), gamma: put(gamma), beta: put(beta)};
  const stats = allocate(rows * 8);

  const expectClose = (actual: Float32Array, expected: Float64Array) => {
    const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const errors = expected.map((value, i) => Math.abs(actual[i] - value));
    expect(Math.max(...errors) / largest).toBeLessThan(1e-6);
  };

  test('forward', () => {
    const y = allocate(x.byteLength);
    functions.layerNorm(at.x, at.gamma, at.beta, y, stats, rows, cols, epsilon, center);
    const expected = forward(x, {cols, gamma, beta, epsilon, center});
    expectClose(get(y, x.length), expected.y);
  });

  test('backward', () => {
    const dx = allocate(x.byteLength);
    const [dgamma, dbeta] = [allocate(4 * cols), allocate(4 * cols)];
    const [dgammaSum, dbetaSum] = [allocate(8 * cols), allocate(8 * cols)];
    const y = allocate(x.byteLength);
    functions.layerNorm(at.x, 0, 0, y, stats, rows, cols, epsilon, center);
    functions.layerNormGrad(
      ...([at.dy, at.x, stats, at.gamma, dx, dgamma, dbeta, dgammaSum, dbetaSum] as const),
      ...([rows, cols, epsilon, center] as const),
    );
    functions.roundSum(dgammaSum, dgamma, cols);
    functions.roundSum(dbetaSum, dbeta, cols);
    const expected = backward(dy, x, {cols, gamma, epsilon, center});
    expectClose(get(dx, x.length), expected.dx);
    expectClose(get(dgamma, cols), expected.dgamma);
    expectClose(get(dbeta, cols), expected.dbeta);
  });
});
