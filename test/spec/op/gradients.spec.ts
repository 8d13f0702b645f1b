/** Gradients against finite differences of the float64 reference, the second ones too. */
import {registerGradients} from '../../../src/gradients/register.js';
import {layerNorm, rmsNorm} from '../../../src/index.js';
import {LayerNorm, LayerNormGrad} from '../../../src/kernels/contract.js';
import * as reference from '../../../src/reference.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {finiteDifferences} from '../../support/finite_differences.js';

const cases = [
  {name: 'layerNorm', center: true, epsilon: 1e-3, rows: 3, cols: 7},
  {
    name: 'layerNorm, large epsilon',
    center: true,
    epsilon: 0.5,
    rows: 4,
    cols: 5,
  },
  {
    name: 'layerNorm, one row',
    center: true,
    epsilon: 1e-3,
    rows: 1,
    cols: 12,
  },
  {name: 'rmsNorm', center: false, epsilon: 1e-3, rows: 3, cols: 7},
];

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

for (const {name, center, epsilon, rows, cols} of cases) {
  describe(`${name} [${rows}, ${cols}]`, () => {
    const random = new Random(11);
    const [x, dy, v, w] = [0, 1, 2, 3].map(() => random.normal(rows * cols));
    const [gamma, beta, vgamma, vbeta] = [0, 1, 2, 3].map(() => random.normal(cols));
    const options = {cols, gamma, beta, epsilon, center};

    const op = (a: tf.Tensor, g: tf.Tensor, b: tf.Tensor) =>
      center
        ? layerNorm(a, {gamma: g, beta: b, epsilon})
        : tf.add(rmsNorm(a, {gamma: g, epsilon}), b);
    const matrix = (values: ArrayLike<number>) => tf.tensor2d(Array.from(values), [rows, cols]);
    const vector = (values: ArrayLike<number>) => tf.tensor1d(Array.from(values));

    test('first gradients', () => {
      const [dx, dgamma, dbeta] = tf.tidy(() =>
        tf
          .grads((...inputs) => op(inputs[0], inputs[1], inputs[2]))(
            [matrix(x), vector(gamma), vector(beta)],
            matrix(dy),
          )
          .map((gradient) => gradient.dataSync()),
      );
      const loss = (changed: object, a: ArrayLike<number> = x) =>
        dot(reference.forward(a, {...options, ...changed}).y, dy);
      expectClose(
        dx,
        finiteDifferences((a) => loss({}, a), x),
        2e-5,
      );
      expectClose(
        dgamma,
        finiteDifferences((a) => loss({gamma: a}), gamma),
        2e-5,
      );
      expectClose(
        dbeta,
        finiteDifferences((a) => loss({beta: a}), beta),
        2e-5,
      );
    });

    test('gradients of the gradients', () => {
      // The loss takes all three first gradients in: ⟨dx, v⟩ + ⟨dγ, vγ⟩ + ⟨dβ, vβ⟩.
      const [ddy, ddx, ddgamma] = tf.tidy(() => {
        const loss = (...[up, a, g]: tf.Tensor[]) => {
          const first = tf.grads((...inputs) => op(inputs[0], inputs[1], inputs[2]))(
            [a, g, vector(beta)],
            up,
          );
          const parts = [matrix(v), vector(vgamma), vector(vbeta)].map((upstream, i) =>
            tf.sum(tf.mul(first[i], upstream)),
          );
          return tf.addN(parts) as tf.Scalar;
        };
        return tf
          .grads(loss)([matrix(dy), matrix(x), vector(gamma)])
          .map((gradient) => gradient.dataSync());
      });

      const loss = (changed: {dy?: Float64Array; x?: Float64Array; gamma?: Float64Array}) => {
        const changedOptions = {...options, gamma: changed.gamma ?? gamma};
        const first = reference.backward(changed.dy ?? dy, changed.x ?? x, changedOptions);
        return dot(first.dx, v) + dot(first.dgamma, vgamma) + dot(first.dbeta, vbeta);
      };
      expectClose(
        ddy,
        finiteDifferences((a) => loss({dy: a}), dy),
        5e-5,
      );
      expectClose(
        ddx,
        finiteDifferences((a) => loss({x: a}), x),
        5e-5,
      );
      expectClose(
        ddgamma,
        finiteDifferences((a) => loss({gamma: a}), gamma),
        5e-5,
      );
    });

    test('the third gradient exists and is right in x', () => {
      // Of ⟨second, w⟩; a plain sum would be 0, as moving a row changes nothing.
      const second = (a: tf.Tensor) =>
        tf.grad((b: tf.Tensor) => {
          const first = tf.grad((c: tf.Tensor) => op(c, vector(gamma), vector(beta)));
          return tf.sum(tf.mul(first(b, matrix(dy)), matrix(v)));
        })(a);
      const third = tf.tidy(() =>
        tf
          .grad((a: tf.Tensor) => tf.sum(tf.mul(second(a), matrix(w))))(matrix(x))
          .dataSync(),
      );
      const referenceSecond = (a: ArrayLike<number>) =>
        finiteDifferences((b) => dot(reference.backward(dy, b, options).dx, v), a);
      const sumOfSecond = (a: Float64Array) => dot(referenceSecond(a), w);
      expectClose(third, finiteDifferences(sumOfSecond, x), 1e-3);
    });
  });
}

describe('within tfjs’s own ways to differentiate', () => {
  const x = new Random(8).normal(12);

  test('tf.valueAndGrads, tf.variableGrads and tf.customGrad agree', () => {
    const [a, b, c] = tf.tidy(() => {
      const input = tf.tensor2d(x, [3, 4]);
      const dy = tf.tensor2d(new Random(9).normal(12), [3, 4]);
      const loss = (v: tf.Tensor) => tf.sum(tf.mul(layerNorm(v), dy)) as tf.Scalar;

      const [viaGrads] = tf.valueAndGrads((v) => loss(v))([input]).grads;

      const variable = tf.variable(input);
      const viaVariable = tf.variableGrads(() => loss(variable)).grads[variable.name];
      variable.dispose();

      const negated = tf.customGrad((v) => ({
        value: (v as tf.Tensor).clone(),
        gradFunc: (up: tf.Tensor) => tf.neg(up),
      }));
      const before = (v: tf.Tensor) => loss(negated(v));
      const viaCustom = tf.neg(tf.grad(before)(input));
      return [viaGrads, viaVariable, viaCustom].map((t) => Array.from(t.dataSync()));
    });
    expect(b).toEqual(a);
    expect(c).toEqual(a);
  });

  test('only the gradients that are asked for are needed', () => {
    const dgamma = tf.tidy(() => {
      const input = tf.tensor2d(x, [3, 4]);
      return tf
        .grad((gamma: tf.Tensor) => layerNorm(input, {gamma}))(tf.ones([4]))
        .dataSync();
    });
    const expected = reference.backward(new Array(12).fill(1), x, {
      cols: 4,
      epsilon: 1e-3,
      center: true,
    });
    expectClose(dgamma, expected.dgamma, 1e-5);
  });

  test('the kernels called by hand: what the statistics depend on is in the gradient of x', () => {
    const [rows, cols] = [3, 4];
    const random = new Random(9);
    const [dy, w, gamma] = [random.normal(12), random.normal(12), random.normal(4)];
    const attrs = {epsilon: 1e-3, center: true};
    layerNorm([[1, 2]]).dispose(); // registers the kernels of a backend that has none
    const gradient = tf.tidy(() => {
      const matrix = (values: Float32Array) => tf.tensor2d(values, [rows, cols]);
      const loss = (v: tf.Tensor) => {
        const inputs = {x: v, gamma: tf.tensor1d(gamma)};
        const [, stats] = tf.engine().runKernel(LayerNorm, inputs, attrs) as tf.Tensor[];
        const gradInputs = {...inputs, dy: matrix(dy), stats};
        const [dx] = tf.engine().runKernel(LayerNormGrad, gradInputs, attrs) as tf.Tensor[];
        return tf.sum(tf.mul(dx, matrix(w)));
      };
      return tf.grad(loss)(matrix(x)).dataSync();
    });
    const options = {cols, gamma, ...attrs};
    const expected = finiteDifferences((a) => dot(reference.backward(dy, a, options).dx, w), x);
    expectClose(gradient, expected, 5e-5);
  });

  test('gradients that another copy of the package has registered stay', () => {
    const own = tf.getGradient(LayerNorm);
    const others = {...own};
    tf.registerGradient(others);
    try {
      registerGradients();
      expect(tf.getGradient(LayerNorm)).toBe(others);
    } finally {
      tf.registerGradient(own);
    }
  });
});
