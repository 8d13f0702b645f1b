/** Accuracy: how near the op comes to the float64 reference, on ordinary rows and on hard ones. */
import {layerNorm, rmsNorm} from '../../../src/index.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {maxError} from '../../support/close.js';

const random = new Random(1);

interface Rows {
  x: Float32Array;
  rows: number;
  cols: number;
  gamma?: Float32Array;
  beta?: Float32Array;
  epsilon?: number;
}

/** Largest error against the reference, relative to the row's largest |y|. */
function errorOf(run: (x: tf.Tensor, args: LayerArgs) => tf.Tensor, given: Rows): number {
  const {x, rows, cols, gamma, beta, epsilon = 1e-3} = given;
  const y = tf.tidy(() => {
    const args = {
      gamma: gamma && tf.tensor1d(gamma),
      beta: beta && tf.tensor1d(beta),
      epsilon,
    };
    return run(tf.tensor2d(x, [rows, cols]), args).dataSync();
  });
  const expected = reference.forward(x, {
    cols,
    gamma,
    beta,
    epsilon,
    center: true,
  });
  return maxError(y, expected.y, cols);
}

interface LayerArgs {
  gamma?: tf.Tensor;
  beta?: tf.Tensor;
  epsilon: number;
}

function builtIn(x: tf.Tensor, {gamma, beta, epsilon}: LayerArgs): tf.Tensor {
  const layer = tf.layers.layerNormalization({epsilon});
  layer.apply(x);
  const [ones, zeros] = layer.getWeights();
  layer.setWeights([gamma ?? ones, beta ?? zeros]);
  const y = layer.apply(x) as tf.Tensor;
  layer.dispose();
  return y;
}

describe('ordinary rows are within 2e-6 of the reference', () => {
  const widths = [1, 2, 3, 4, 5, 17, 64, 229, 541, 768, 769, 1023, 4096];
  for (const cols of widths) {
    for (const rows of [1, 37]) {
      test(`[${rows}, ${cols}]`, () => {
        const x = random.normal(rows * cols, 0.3, 2);
        const [gamma, beta] = [random.normal(cols), random.normal(cols)];
        expect(errorOf(layerNorm, {x, rows, cols, gamma, beta})).toBeLessThan(2e-6);
      });
    }
  }

  test('[2, 65537]', () => {
    const [rows, cols] = [2, 65_537];
    const x = random.normal(rows * cols);
    expect(errorOf(layerNorm, {x, rows, cols})).toBeLessThan(2e-6);
  });

  test('[65537, 3]', () => {
    const [rows, cols] = [65_537, 3];
    const x = random.normal(rows * cols);
    expect(errorOf(layerNorm, {x, rows, cols})).toBeLessThan(2e-6);
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
      expect(errorOf(layerNorm, {x, rows, cols, gamma, beta})).toBeLessThan(2e-6);
    });
  }

  for (const cols of [1, 3, 17, 768, 1023]) {
    test(`rmsNorm [19, ${cols}]`, () => {
      const rows = 19;
      const [x, gamma] = [random.normal(rows * cols, 0.5), random.normal(cols)];
      const y = tf.tidy(() =>
        rmsNorm(tf.tensor2d(x, [rows, cols]), {
          gamma: tf.tensor1d(gamma),
        }).dataSync(),
      );
      const expected = reference.forward(x, {
        cols,
        gamma,
        epsilon: 1e-6,
        center: false,
      });
      expect(maxError(y, expected.y, cols)).toBeLessThan(2e-6);
    });
  }
});

describe('hard rows are never worse than the built-in layer', () => {
  const cols = 768;
  const hard: Record<string, Rows> = {
    'mean 1e4, spread 1': {x: random.normal(4 * cols, 1e4), rows: 4, cols},
    'mean 2000, spread 0.01': {
      x: random.normal(4 * cols, 2000, 0.01),
      rows: 4,
      cols,
    },
    'mean 1e7, spread 1': {x: random.normal(4 * cols, 1e7), rows: 4, cols},
    'values near 1449': {
      x: random.normal(4 * cols, 1449, 0.1),
      rows: 4,
      cols,
    },
    '1e18': {x: random.normal(4 * cols, 0, 1e18), rows: 4, cols},
    '1e-18': {x: random.normal(4 * cols, 0, 1e-18), rows: 4, cols},
    '1e-18 without epsilon': {
      x: random.normal(4 * cols, 0, 1e-18),
      rows: 4,
      cols,
      epsilon: 0,
    },
    '1e30': {x: random.normal(4 * cols, 0, 1e30), rows: 4, cols},
    'constant 1234': {
      x: new Float32Array(4 * cols).fill(1234),
      rows: 4,
      cols,
    },
    'constant 0.1': {x: new Float32Array(4 * cols).fill(0.1), rows: 4, cols},
    'constant 16777216': {
      x: new Float32Array(4 * cols).fill(16_777_216),
      rows: 4,
      cols,
    },
    '40000 to 40003': {
      x: Float32Array.of(40000, 40001, 40002, 40003),
      rows: 1,
      cols: 4,
    },
    'one column': {x: random.normal(7, 1e4), rows: 7, cols: 1},
  };
  for (const [name, rows] of Object.entries(hard)) {
    test(name, () => {
      // An error of the reference's own size: 2e-6 is as good as exact.
      const allowed = Math.max(errorOf(builtIn, rows), 2e-6);
      expect(errorOf(layerNorm, rows)).toBeLessThanOrEqual(allowed);
    });
  }

  test('1e30 is exact where squares overflow', () => {
    expect(errorOf(layerNorm, hard['1e30'])).toBeLessThan(1e-5);
  });

  test('1e18 is exact where sums of squares overflow', () => {
    expect(errorOf(layerNorm, hard['1e18'])).toBeLessThan(1e-5);
  });

  test('rmsNorm of 1e30 is exact where squares overflow', () => {
    const {x, rows} = hard['1e30'];
    const y = tf.tidy(() => rmsNorm(tf.tensor2d(x, [rows, cols])).dataSync());
    const expected = reference.forward(x, {
      cols,
      epsilon: 1e-6,
      center: false,
    });
    expect(maxError(y, expected.y, cols)).toBeLessThan(1e-5);
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
