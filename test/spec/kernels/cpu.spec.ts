/**
 * What only the kernels of `cpu` can get wrong: the rows that are copied into WebAssembly's memory a
 * cacheful at a time, and the plain loops that serve where there is none.
 */
import type {HostBackend} from '../../../src/kernels/backend.js';
import type {Kernels} from '../../../src/kernels/contract.js';
import type * as workspaceModule from '../../../src/kernels/cpu/workspace.js';
import type {WasmFunctions} from '../../../src/kernels/wasm/module.js';
import * as reference from '../../../src/reference.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {compareRows, drawRows, optionsOf, type Results, type Rows} from '../../support/rows.js';

const BOUND = 5e-7;
const WASM_MODULE = '../../../src/kernels/wasm/module.js';

type Loaded = Kernels<HostBackend> & typeof workspaceModule & {name: string};

/** The kernels and their workspace, loaded anew; `functions` in the place of WebAssembly's. */
function load(functions?: WasmFunctions): Loaded {
  let loaded: Loaded | undefined;
  jest.isolateModules(() => {
    if (functions) jest.doMock(WASM_MODULE, () => ({wasmFunctions: () => functions}));
    const {cpu} = require('../../../src/kernels/cpu/index.js');
    const workspace = require('../../../src/kernels/cpu/workspace.js');
    loaded = {...workspace, ...cpu.kernels, name: cpu.name};
  });
  jest.dontMock(WASM_MODULE);
  return loaded as Loaded;
}

/** The same in a page whose policy forbids WebAssembly. */
function loadWithoutWebAssembly(): Loaded {
  const loaded = load();
  const {WebAssembly} = globalThis;
  Object.assign(globalThis, {WebAssembly: undefined});
  try {
    expect(loaded.openWorkspace([1])).toBeUndefined();
  } finally {
    Object.assign(globalThis, {WebAssembly});
  }
  expect(loaded.openWorkspace([1])).toBeUndefined(); // it asks once
  return loaded;
}

interface Present {
  hasGamma: boolean;
  hasBeta: boolean;
}

/** Calls both kernels, as register.ts does; gamma and beta may be absent. `between` comes between. */
function run(
  {LayerNorm, LayerNormGrad}: Kernels<HostBackend>,
  {shape, epsilon, center, ...rows}: Rows,
  {hasGamma, hasBeta}: Present,
  between = () => {},
): Results & {stats: Float32Array; shapes: number[][]} {
  const backend = tf.backend() as unknown as HostBackend;
  let outputs: tf.Tensor[] = [];
  tf.tidy(() => {
    const [x, dy] = [tf.tensor(rows.x, shape), tf.tensor(rows.dy, shape)];
    const gamma = hasGamma ? tf.tensor1d(rows.gamma) : undefined;
    const beta = hasBeta ? tf.tensor1d(rows.beta) : undefined;
    const attrs = {epsilon, center};
    const forward = LayerNorm({inputs: {x, gamma, beta}, attrs, backend});
    between();
    const inputs = {dy, x, stats: forward[1], gamma};
    outputs = [...forward, ...LayerNormGrad({inputs, attrs, backend})].map((info) =>
      tf.keep(tf.engine().makeTensorFromTensorInfo(info)),
    );
  });
  const [y, stats, dx, dgamma, dbeta] = outputs.map((t) => t.dataSync() as Float32Array);
  tf.dispose(outputs);
  return {y, stats, dx, dgamma, dbeta, shapes: outputs.map((tensor) => tensor.shape)};
}

/** Compares with the reference, for which gamma is 1 and beta 0 where they are absent. */
function expectRight(kernels: Kernels<HostBackend>, given: Rows, present: Present): void {
  const {stats, shapes, ...results} = run(kernels, given, present);
  const cols = given.gamma.length;
  const rows = given.x.length / cols;
  expect(shapes).toEqual([given.shape, [rows, 2], given.shape, [cols], [cols]]);
  const gamma = present.hasGamma ? given.gamma : new Float32Array(cols).fill(1);
  const beta = present.hasBeta ? given.beta : new Float32Array(cols);
  const tolerances = {y: BOUND, dx: BOUND, dparams: BOUND};
  compareRows({...given, gamma, beta}, results, tolerances);
  const {mean, rstd} = reference.forward(given.x, optionsOf(given));
  const m = Array.from(mean, (value, row) => (given.center ? value - given.x[row * cols] : 0));
  expectClose(
    stats.filter((_, i) => i % 2 === 0),
    m,
    BOUND,
  );
  expectClose(
    stats.filter((_, i) => i % 2 === 1),
    rstd,
    BOUND,
    1,
  );
}

describe.each([
  ['WebAssembly', load],
  ['plain loops', loadWithoutWebAssembly],
])('by %s', (_, loadKernels) => {
  let kernels: Loaded;

  beforeAll(() => {
    kernels = loadKernels();
  });

  test('are those of the backend', () => {
    expect(kernels.name).toBe(tf.getBackend());
  });

  const present = [true, false].flatMap((hasGamma) =>
    [true, false].map((hasBeta) => ({hasGamma, hasBeta})),
  );
  describe.each(present)('gamma: $hasGamma, beta: $hasBeta', (given) => {
    test.each([
      [[5, 7], true],
      [[5, 7], false],
      [[2, 3, 6], true],
      [[1, 1], true],
      [[1, 1], false],
      [[4, 2], true],
      [[9], true],
      [[400, 100], true], // more rows than are copied at once, forward and backward
    ])('%j, centred: %s', (shape, center) => {
      expectRight(kernels, drawRows(shape, {center, epsilon: 0.1}), given);
    });
  });

  const all = {hasGamma: true, hasBeta: true};

  test('statistics that are longer than x', () => {
    expectRight(kernels, drawRows([40_000, 1]), all);
  });

  test('a mean of 1e7 costs no digit', () => {
    expectRight(kernels, drawRows([3, 50], {mean: 1e7, deviation: 1}), all);
  });

  test('rows that are constant but for their first number', () => {
    const x = Float32Array.from({length: 60}, (_, i) => (i % 20 === 0 ? i : 0.1));
    expectRight(kernels, drawRows([3, 20], {x}), all);
  });

  test('a constant row without epsilon gives beta, an rstd of 0 and a dx of 0', () => {
    const given = drawRows([3, 5], {x: new Float32Array(15).fill(0.1), epsilon: 0});
    const {y, stats, dx, dgamma, dbeta} = run(kernels, given, all);
    const {beta, dy} = given;
    expect([...y]).toEqual([...beta, ...beta, ...beta]);
    expect([...stats]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...dx].map(Math.abs)).toEqual(new Array(15).fill(0));
    expect([...dgamma].map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
    const sums = Array.from(dbeta, (_, c) => dy[c] + dy[c + 5] + dy[c + 10]);
    expectClose(dbeta, sums, BOUND);
  });

  test.each([
    [1.415, 0.3],
    [1000, 0.007],
  ])('dx is exactly 0 where γ·dy is one number in all the row, %d·%d', (scale, upstream) => {
    const given = drawRows([3, 7], {
      dy: new Float32Array(21).fill(upstream),
      gamma: new Float32Array(7).fill(scale),
      x: new Float32Array(21).fill(-7.7),
    });
    const {dx} = run(kernels, given, all);
    expect([...dx].map(Math.abs)).toEqual(new Array(21).fill(0));
  });

  test('a variance that equals epsilon', () => {
    const {y} = run(kernels, drawRows([1, 2], {x: Float32Array.of(-1, 1), epsilon: 1}), {
      hasGamma: false,
      hasBeta: false,
    });
    expectClose(y, [-Math.SQRT1_2, Math.SQRT1_2], BOUND);
  });

  test('other rows between forward and backward leave no trace', () => {
    const [given, others] = [drawRows([3, 6]), drawRows([5, 6], {seed: 2})];
    const plain = run(kernels, given, all);
    const interrupted = run(kernels, given, all, () => void run(kernels, others, all));
    expect(interrupted).toEqual(plain);
  });

  test('zeros without centring and without epsilon', () => {
    const given = drawRows([2, 3], {x: new Float32Array(6), epsilon: 0, center: false});
    const {y, stats, dx} = run(kernels, given, {...all, hasBeta: false});
    expect([...y, ...stats, ...dx].map(Math.abs)).toEqual(new Array(6 + 4 + 6).fill(0));
  });
});

test('WebAssembly computes all, a cacheful of rows at a time, and nothing is computed again', () => {
  // Functions that do nothing: y is then what x is, in whose place it is written, and dx is dy.
  const functions = {
    layerNorm: jest.fn(),
    addLayerNorm: jest.fn(),
    layerNormGrad: jest.fn(),
    clear: jest.fn(),
    roundSum: jest.fn(),
  };
  const given = drawRows([400, 100]);
  const {y, dx} = run(load(functions), given, {hasGamma: true, hasBeta: true});
  expectClose(y, given.x, 0);
  expectClose(dx, given.dy, 0);
  const rowsOf = ({mock}: jest.Mock, argument: number) => mock.calls.map((args) => args[argument]);
  expect(rowsOf(functions.layerNorm, 5)).toEqual([327, 73]);
  expect(rowsOf(functions.layerNormGrad, 9)).toEqual([163, 163, 74]);

  jest.clearAllMocks();
  run(load(functions), drawRows([327, 100]), {hasGamma: true, hasBeta: true});
  expect(rowsOf(functions.layerNorm, 5)).toEqual([327]);
  expect(rowsOf(functions.layerNormGrad, 9)).toEqual([163, 163, 1]);
  jest.clearAllMocks();
  run(load(functions), drawRows([326, 100]), {hasGamma: true, hasBeta: true});
  expect(rowsOf(functions.layerNormGrad, 9)).toEqual([163, 163]);
});

describe('the workspace', () => {
  const {copyIn, copyOut, openWorkspace, rowsAtATime} = load();

  /** A workspace, which there must be. */
  function open(lengths: number[]) {
    const workspace = openWorkspace(lengths);
    if (!workspace) throw new Error('There is no workspace.');
    return workspace;
  }

  test('has buffers of the lengths asked for: aligned, apart, and none at 0', () => {
    const lengths = [1, 4, 5, 0, 100_000, 3];
    const {floats, offsets} = open(lengths);
    expect(offsets).toHaveLength(lengths.length);
    let end = 1; // 0 stands for an absent buffer
    offsets.forEach((offset, i) => {
      expect(offset % 16).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + 4 * lengths[i];
    });
    expect(floats.byteLength).toBeGreaterThanOrEqual(end);
    // Nothing but alignment lies between them: the memory is not to outgrow the cache.
    expect(end).toBeLessThan(4 * lengths.reduce((sum, n) => sum + n) + 16 * (lengths.length + 1));
  });

  test('grows when more is asked for, by no more than a page too much, and serves again', () => {
    expect(open([100]).functions).toBe(open([200]).functions);
    const bytes = 20 * 65_536;
    const {floats, offsets} = open([bytes / 4]);
    expect(floats.byteLength).toBeGreaterThanOrEqual(offsets[0] + bytes);
    expect(floats.byteLength).toBeLessThan(offsets[0] + bytes + 65_536);
    expect(open([8]).floats.byteLength).toBe(floats.byteLength);
  });

  test('is had up to 64 MiB, and not beyond', () => {
    const most = 2 ** 26 / 4 - 4; // the first 16 bytes are left out
    expect(openWorkspace([most + 1])).toBeUndefined();
    expect(open([most]).floats.byteLength).toBe(2 ** 26);
  });

  test('takes a part of an array in, and gives a part of one out', () => {
    const workspace = open([4, 4]);
    const [, at] = workspace.offsets;
    const target = new Float32Array(6);
    copyIn(workspace, at, Float32Array.of(1, 2, 3, 4, 5), 1, 4);
    copyOut(workspace, at, target, 2, 5);
    expect([...target]).toEqual([0, 0, 2, 3, 4, 0]);
    copyIn(workspace, at, Float32Array.of(6, 7));
    const whole = new Float32Array(3);
    copyOut(workspace, at, whole);
    expect([...whole]).toEqual([6, 7, 4]);
  });

  test.each([
    ['all rows where they fit 2^15 floats', 10, 100, 10],
    ['what fits of more', 1000, 100, 327],
    ['one of those that are longer', 5, 40_000, 1],
    ['one that fits exactly', 5, 2 ** 15, 1],
  ])('rowsAtATime: %s', (_, rows, floatsPerRow, expected) => {
    expect(rowsAtATime(rows, floatsPerRow)).toBe(expected);
  });
});
