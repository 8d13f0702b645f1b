/** Accuracy: how near the op comes to the float64 reference, on ordinary rows and on hard ones. */
import {layerNorm} from '../../../src/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {kernelKind, tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {
  drawRows,
  expectRows,
  type Results,
  type Rows,
  readRows,
  runRows,
} from '../../support/rows.js';

const random = new Random(1);

/**
 * Every result is within this of the reference, relative to its row's largest value. Composed ops
 * round each result in between to float32: of 65,537 rows of three columns the worst was off by
 * 5.1e-7.
 */
const BOUND = kernelKind === 'composed' ? 6e-7 : 5e-7;

interface Given {
  x: Float32Array;
  rows: number;
  cols: number;
  /** Default: 1 and 0. */
  gamma?: Float32Array;
  beta?: Float32Array;
  dy?: Float32Array;
  epsilon?: number;
  center?: boolean;
}

/** What is given, as rows. */
function rowsOf({rows, cols, dy = random.normal(rows * cols), ...given}: Given): Rows {
  const [gamma, beta] = [new Float32Array(cols).fill(1), new Float32Array(cols)];
  return drawRows([rows, cols], {gamma, beta, dy, ...given});
}

/** The gradients of what is given. */
async function gradientsOf(given: Given): Promise<Results> {
  return readRows(runRows(rowsOf(given)));
}

/** Checks y and every gradient. */
async function expectExact(given: Given, {withSums = true} = {}): Promise<void> {
  const rows = rowsOf(given);
  const dparams = withSums ? BOUND : Number.POSITIVE_INFINITY;
  await expectRows(rows, runRows(rows), {y: BOUND, dx: BOUND, dparams});
}

describe(`ordinary rows are within ${BOUND} of the reference, with every gradient`, () => {
  const widths = [1, 2, 3, 4, 5, 17, 64, 229, 541, 768, 769, 1023, 4096];
  for (const cols of widths) {
    for (const rows of [1, 37]) {
      test(`[${rows}, ${cols}]`, async () => {
        const x = random.normal(rows * cols, 0.3, 2);
        const [gamma, beta] = [random.normal(cols), random.normal(cols)];
        await expectExact({x, rows, cols, gamma, beta});
      });
    }
  }

  test('[2, 65537]', async () => {
    const [rows, cols] = [2, 65_537];
    await expectExact({x: random.normal(rows * cols), rows, cols});
  });

  test('[65537, 3]', async () => {
    const [rows, cols] = [65_537, 3];
    // dγ and dβ of so many rows: large_gradients.spec.ts.
    await expectExact({x: random.normal(rows * cols), rows, cols}, {withSums: false});
  });

  for (const [gammaGiven, betaGiven] of [
    [true, false],
    [false, true],
    [false, false],
  ]) {
    test(`${gammaGiven ? 'with' : 'without'} gamma, ${betaGiven ? 'with' : 'without'} beta`, () => {
      const [rows, cols] = [5, 96];
      const x = random.normal(rows * cols);
      const gamma = gammaGiven ? random.normal(cols) : undefined;
      const beta = betaGiven ? random.normal(cols) : undefined;
      const y = tf.tidy(() => {
        const params = {
          gamma: gamma && tf.tensor1d(gamma),
          beta: beta && tf.tensor1d(beta),
        };
        return layerNorm(tf.tensor2d(x, [rows, cols]), params).dataSync();
      });
      const options = {cols, gamma, beta, epsilon: 1e-3, center: true};
      expectClose(y, reference.forward(x, options).y, BOUND, cols);
    });
  }

  for (const cols of [1, 3, 17, 768, 1023]) {
    test(`rmsNorm [19, ${cols}]`, async () => {
      const rows = 19;
      const [x, gamma] = [random.normal(rows * cols, 0.5), random.normal(cols)];
      await expectExact({x, rows, cols, gamma, epsilon: 1e-6, center: false});
    });
  }
});

describe(`hard rows are within ${BOUND} of the reference, with every gradient`, () => {
  const [rows, cols] = [4, 768];
  const normal = (mean: number, spread: number) => random.normal(rows * cols, mean, spread);
  const withOutlier = (column: number) => {
    const x = normal(0.3, 2);
    for (let row = 0; row < rows; row++) x[row * cols + column] = 1e6;
    return x;
  };
  /** The numbers of which wasm and tensorflow take a first mean are unlike all the others. */
  const misleadingRow = (n: number) => {
    const x = random.normal(n);
    for (let quarter = 0; quarter < 4; quarter++) {
      x[quarter * (n / 4)] = 1e4;
      x.fill(1e4, quarter * Math.floor((n - 4) / 3), quarter * Math.floor((n - 4) / 3) + 4);
    }
    return x;
  };
  const hard: Record<string, Given> = {
    'mean 1e4, spread 1': {x: normal(1e4, 1), rows, cols},
    'mean 2000, spread 0.01': {x: normal(2000, 0.01), rows, cols},
    'mean 1e6, spread 1': {x: normal(1e6, 1), rows, cols},
    'mean 1e7, spread 1': {x: normal(1e7, 1), rows, cols},
    'mean -1e7, spread 1': {x: normal(-1e7, 1), rows, cols},
    'values near 1449': {x: normal(1449, 0.1), rows, cols},
    'nearly constant': {x: normal(1449, 0.01), rows, cols, epsilon: 1e-6},
    'one outlier': {x: withOutlier(37), rows, cols},
    'an outlier as the first number': {x: withOutlier(0), rows, cols},
    '1e18': {x: normal(0, 1e18), rows, cols},
    '1e-18': {x: normal(0, 1e-18), rows, cols},
    '1e-18 without epsilon': {x: normal(0, 1e-18), rows, cols, epsilon: 0},
    '1e-20 without epsilon': {x: normal(0, 1e-20), rows, cols, epsilon: 0},
    '1e-22 without epsilon': {x: normal(0, 1e-22), rows, cols, epsilon: 0},
    '1e-30 without epsilon': {x: normal(0, 1e-30), rows, cols, epsilon: 0},
    '1e19': {x: normal(0, 1e19), rows, cols},
    '1e30': {x: normal(0, 1e30), rows, cols},
    'rmsNorm of 1e30': {x: normal(0, 1e30), rows, cols, center: false},
    'constant 1234': {x: new Float32Array(rows * cols).fill(1234), rows, cols},
    'constant 0.1': {x: new Float32Array(rows * cols).fill(0.1), rows, cols},
    'constant 16777216': {x: new Float32Array(rows * cols).fill(16_777_216), rows, cols},
    '40000 to 40003': {x: Float32Array.of(40000, 40001, 40002, 40003), rows: 1, cols: 4},
    'a first mean that is far from the mean': {x: misleadingRow(4096), rows: 1, cols: 4096},
    // In a float32 sum of hundreds of these squares, 1 + 2^-17, the 2^-17 is lost, always downwards.
    '65536 times ±(1 + 2^-18)': {
      x: Float32Array.from({length: 65_536}, (_, i) => (i % 2 ? -1 : 1) * (1 + 2 ** -18)),
      rows: 1,
      cols: 65_536,
    },
    'one column': {x: random.normal(7, 1e4), rows: 7, cols: 1},
    'two columns of 1e4': {x: random.normal(14, 1e4), rows: 7, cols: 2},
  };
  for (const [name, given] of Object.entries(hard)) test(name, () => expectExact(given));
});

describe('where the answer is 0 it is exactly 0', () => {
  const epsilons = [0, 1e-7, 1e-5, 1e-3, 0.5];
  const zeros = (length: number) => new Array(length).fill(0);
  const plain = (values: ArrayLike<number>) => Array.from(values, (value) => value + 0); // no −0

  test.each(epsilons)('dx and dγ of rows of one column, epsilon %d', async (epsilon) => {
    for (const rows of [1, 8, 37]) {
      for (const scale of [1.415, -0.7, 1e-3, 1 / 3]) {
        const x = random.normal(rows, 3, 2);
        const gamma = Float32Array.of(scale);
        const {dx, dgamma} = await gradientsOf({x, rows, cols: 1, gamma, epsilon});
        expect(plain(dx)).toEqual(zeros(rows));
        expect(plain(dgamma)).toEqual([0]);
      }
    }
  });

  test.each(epsilons)(
    'dγ of constant rows, and dx where γ·dy is constant too, epsilon %d',
    async (epsilon) => {
      for (const cols of [2, 3, 5, 17, 64, 768, 4099]) {
        const rows = 3;
        const x = new Float32Array(rows * cols).fill(-7.7);
        const gamma = new Float32Array(cols).fill(1.415);
        const dy = new Float32Array(rows * cols).fill(0.3);
        const {dx, dgamma} = await gradientsOf({x, rows, cols, gamma, dy, epsilon});
        expect(plain(dx)).toEqual(zeros(rows * cols));
        expect(plain(dgamma)).toEqual(zeros(cols));
      }
    },
  );

  test('dx of constant rows without epsilon, whatever γ and dy are', async () => {
    for (const [value, cols] of [1234, 0.1, 1e6 / 3, 1e-20, 1e30].map((v) => [v, 65])) {
      const rows = 4;
      const x = new Float32Array(rows * cols).fill(value);
      const gamma = random.normal(cols);
      const {dx, dgamma} = await gradientsOf({x, rows, cols, gamma, epsilon: 0});
      expect(plain(dx)).toEqual(zeros(rows * cols));
      expect(plain(dgamma)).toEqual(zeros(cols));
    }
  });
});

describe('special rows', () => {
  test('a constant row gives beta, with epsilon and without', () => {
    const beta = [1, -2, 3, 4.5, 0];
    for (const epsilon of [1e-3, 0]) {
      for (const value of [0, 1234, -0.1]) {
        const y = tf.tidy(() => layerNorm(tf.fill([2, 5], value), {beta, epsilon}).dataSync());
        expect(Array.from(y)).toEqual([...beta, ...beta]);
      }
    }
  });

  test('a constant row without epsilon has a gradient of 0, not NaN', () => {
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => layerNorm(x, {epsilon: 0}))(tf.fill([2, 5], 7), tf.ones([2, 5]))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual(new Array(10).fill(0));
  });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    test(`a row with ${bad} spoils itself alone`, () => {
      const [rows, cols] = [7, 33];
      const clean = random.normal(rows * cols);
      const dy = random.normal(rows * cols);
      const spoilt = Float32Array.from(clean);
      spoilt[3 * cols + 5] = bad;

      const run = (values: Float32Array) =>
        tf.tidy(() => {
          const x = tf.tensor2d(values, [rows, cols]);
          const dx = tf.grad((v: tf.Tensor) => layerNorm(v))(x, tf.tensor2d(dy, [rows, cols]));
          return {y: layerNorm(x).dataSync(), dx: dx.dataSync()};
        });
      const expected = run(clean);
      const actual = run(spoilt);

      for (const name of ['y', 'dx'] as const) {
        for (let row = 0; row < rows; row++) {
          const part = Array.from(actual[name].slice(row * cols, (row + 1) * cols));
          if (row === 3) expect(part.every(Number.isNaN)).toBe(true);
          else expect(part).toEqual(Array.from(expected[name].slice(row * cols, (row + 1) * cols)));
        }
      }
    });
  }

  test('two runs are equal to the bit, gradients too', () => {
    const [rows, cols] = [199, 229];
    const run = () => {
      const same = new Random(5);
      const [x, dy, gamma] = [rows * cols, rows * cols, cols].map((n) => same.normal(n));
      return tf.tidy(() => {
        const gradients = tf.grads((a, b, c) => layerNorm(a, {gamma: b, beta: c}))(
          [tf.tensor2d(x, [rows, cols]), tf.tensor1d(gamma), tf.zeros([cols])],
          tf.tensor2d(dy, [rows, cols]),
        );
        return gradients.map((gradient) => Array.from(gradient.dataSync()));
      });
    };
    expect(run()).toEqual(run());
  });
});
