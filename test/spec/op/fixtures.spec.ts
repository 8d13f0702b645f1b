/** The values that Keras, PyTorch and ONNX computed: of the ops, their gradients and the layers. */
import {layerNorm, layerNormalization, rmsNorm, rmsNormalization} from '../../../src/index.js';
import {tf} from '../../backends/current.js';
import {type Gradient, layerCases, type NormCase, normCases} from '../../fixtures/index.js';
import {expectClose} from '../../support/close.js';
import {rowIndices} from '../../support/expected.js';

const VALUE_TOLERANCE = 2e-6;
const GRADIENT_TOLERANCE = 1e-5;

/** Rows of `values` one after the other, and their length: the bar is on each row's error. */
function rowsOf(values: ArrayLike<number>, shape: number[], axis: number[]) {
  const axes = axis.map((a) => (a < 0 ? a + shape.length : a));
  const indices = rowIndices(shape, axes);
  const rows = Float32Array.from(indices.flat(), (index) => values[index]);
  return {rows, cols: indices[0]?.length ?? 0};
}

function expectRowsClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  {shape, axis}: {shape: number[]; axis: number[]},
  tolerance: number,
) {
  expect(actual.length).toBe(expected.length);
  const {rows, cols} = rowsOf(expected, shape, axis);
  expectClose(rowsOf(actual, shape, axis).rows, rows, tolerance, cols || undefined);
}

const data = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;

/** x, gamma and beta of a case as tensors, those it has, and the op as a function of them. */
function callOf(norm: NormCase) {
  const inputs = [tf.tensor(norm.x, norm.shape)];
  const has = {gamma: norm.gamma != null, beta: norm.beta != null};
  if (norm.gamma) inputs.push(tf.tensor(norm.gamma, norm.gammaShape));
  if (norm.beta) inputs.push(tf.tensor(norm.beta, norm.gammaShape));
  const op = (...[x, ...params]: tf.Tensor[]) => {
    const {axis, epsilon} = norm;
    const gamma = has.gamma ? params[0] : undefined;
    const beta = has.beta ? params[has.gamma ? 1 : 0] : undefined;
    if (norm.op === 'layerNorm') return layerNorm(x, {gamma, beta, axis, epsilon});
    const y = rmsNorm(x, {gamma, axis, epsilon});
    return beta ? tf.add(y, beta) : y;
  };
  return {inputs, op};
}

for (const norm of normCases) {
  describe(`${norm.source}: ${norm.name}`, () => {
    test('values', () => {
      const y = tf.tidy(() => {
        const {inputs, op} = callOf(norm);
        return data(op(...inputs));
      });
      expectRowsClose(y, norm.y, norm, VALUE_TOLERANCE);
    });

    const {gradient, secondGradient} = norm;
    if (gradient) {
      test('gradients', () => {
        const [dx, ...dparams] = tf.tidy(() => {
          const {inputs, op} = callOf(norm);
          return tf.grads(op)(inputs, tf.tensor(gradient.dy, norm.shape)).map(data);
        });
        expectRowsClose(dx, gradient.dx, norm, GRADIENT_TOLERANCE);
        expectParamsClose(dparams, gradient);
      });
    }

    if (gradient && secondGradient) {
      test('gradients of the gradients', () => {
        const [gradDy, gradX, gradGamma] = tf.tidy(() => {
          const upstream = [
            tf.tensor(secondGradient.ddx, norm.shape),
            ...[secondGradient.ddgamma, secondGradient.ddbeta]
              .filter((values) => values != null)
              .map((values) => tf.tensor(values, norm.gammaShape)),
          ];
          const {inputs, op} = callOf(norm);
          const isBeta = (i: number) => norm.beta != null && i === inputs.length - 1;
          const watched = inputs.filter((_, i) => !isBeta(i)); // nothing depends on beta
          const loss = (dy: tf.Tensor, ...args: tf.Tensor[]) => {
            const first = tf.grads(op)([...args, ...inputs.slice(args.length)], dy);
            // As one list, since tfjs cannot sum an empty tensor on its GPU backends.
            const parts = first.map((g, i) => tf.reshape(tf.mul(g, upstream[i]), [g.size]));
            return tf.sum(tf.concat(parts)) as tf.Scalar;
          };
          return tf
            .grads(loss)([tf.tensor(gradient.dy, norm.shape), ...watched])
            .map(data);
        });
        expectRowsClose(gradDy, secondGradient.gradDy, norm, GRADIENT_TOLERANCE);
        expectRowsClose(gradX, secondGradient.gradX, norm, GRADIENT_TOLERANCE);
        if (secondGradient.gradGamma) {
          expectClose(gradGamma, secondGradient.gradGamma, GRADIENT_TOLERANCE);
        }
      });
    }
  });
}

for (const layerCase of layerCases) {
  const {source, className, name} = layerCase;
  test(`${source}: the layer ${className}, ${name}`, () => {
    const {builtAxis: axis, epsilon, shape, gammaShape} = layerCase;
    const [weights, y] = tf.tidy(() => {
      const {center, scale, rmsScaling} = layerCase;
      const layer =
        className === 'LayerNormalization'
          ? layerNormalization({axis, epsilon, center, scale, rmsScaling})
          : rmsNormalization({axis, epsilon});
      layer.build(shape);
      const params = [layerCase.gamma, layerCase.beta].filter((values) => values != null);
      layer.setWeights(params.map((values) => tf.tensor(values, gammaShape)));
      const shapes = layer.weights.map((weight) => weight.shape);
      const output = layer.apply(tf.tensor(layerCase.x, shape, layerCase.xDtype)) as tf.Tensor;
      const result = [shapes, data(output)] as const;
      for (const weight of layer.weights) weight.dispose();
      return result as never;
    }) as unknown as [number[][], Float32Array];
    for (const weightShape of weights) expect(weightShape).toEqual(gammaShape);
    expectRowsClose(y, layerCase.y, {shape, axis}, VALUE_TOLERANCE);
  });
}

function expectParamsClose(actual: Float32Array[], {dgamma, dbeta}: Gradient) {
  const expected = [dgamma, dbeta].filter((values) => values != null);
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expectClose(actual[i], values, GRADIENT_TOLERANCE);
  });
}
