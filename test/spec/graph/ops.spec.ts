/** The ops that graph models get from this package, run within small graphs. */

import {loadGraphModel} from '../../../src/graph/index.js';
import {einsum} from '../../../src/graph/ops/einsum.js';
import {Random} from '../../../tools/random.js';
import {tf} from '../../backends/current.js';
import {expectClose} from '../../support/close.js';
import {expectedForward} from '../../support/expected.js';
import {GraphBuilder} from '../../support/graph_builder.js';
import {builtGraph, patternGraphs, shape as patternShape} from '../../support/pattern_graphs.js';

const random = new Random(63);
const sizeOf = (shape: readonly number[]) => shape.reduce((n, dim) => n * dim, 1);

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});

async function run(
  graph: GraphBuilder,
  inputs: Record<string, InstanceType<typeof tf.Tensor>>,
): Promise<{shape: number[]; values: ArrayLike<number>; fused: number}> {
  const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
  const output = model.execute(inputs) as InstanceType<typeof tf.Tensor>;
  const {layerNorm} = model.metadata;
  return {shape: output.shape, values: await output.data(), fused: layerNorm.fused};
}

/** Keras 2's layer over `axes`; gamma and beta are made by `params`. */
function layer(axes: number[], params: (graph: GraphBuilder) => void): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input('x');
  params(graph);
  graph.integers('axes', axes);
  graph.op('Mean', 'mean', ['x', 'axes'], {keep_dims: {b: true}});
  graph.op('SquaredDifference', 'difference', ['x', 'mean']);
  graph.op('Mean', 'variance', ['difference', 'axes'], {keep_dims: {b: true}});
  graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', 1e-3)]);
  graph.op('Rsqrt', 'rstd', ['sum']);
  graph.op('Mul', 'scale', ['rstd', 'gamma']);
  graph.op('Mul', 'scaledX', ['x', 'scale']);
  graph.op('Mul', 'scaledMean', ['mean', 'scale']);
  graph.op('Sub', 'offset', ['beta', 'scaledMean']);
  graph.op('AddV2', 'out', ['scaledX', 'offset']);
  return graph;
}

describe('gamma and beta broadcast as they did in the graph:', () => {
  const shape = [2, 3, 4];
  const x = random.normal(24, 1);

  test.each([
    {name: 'of the rank of x', paramShape: [1, 1, 4], axes: [2]},
    {name: 'of the normalised dimensions alone', paramShape: [4], axes: [-1]},
    {name: 'over two axes', paramShape: [3, 4], axes: [-1, 1]},
    {name: 'over two axes apart', paramShape: [2, 1, 4], axes: [2, 0]},
    {name: 'over a middle axis', paramShape: [3, 1], axes: [1]},
    {name: 'one number', paramShape: [], axes: [2]},
    {name: 'one for each row', paramShape: [2, 3, 1], axes: [2]},
    {name: 'one for each column of another axis', paramShape: [3, 1], axes: [2]},
    {name: 'as large as x', paramShape: [2, 3, 4], axes: [2]},
    {name: 'one of several normalised dimensions', paramShape: [4], axes: [1, 2]},
  ])('$name', async ({paramShape, axes}) => {
    const [gamma, beta] = [random.normal(sizeOf(paramShape), 1), random.normal(sizeOf(paramShape))];
    const graph = layer(axes, (g) => {
      g.floats('gamma', gamma, paramShape);
      g.floats('beta', beta, paramShape);
    });
    const output = await run(graph, {x: tf.tensor(x, shape)});

    const positive = axes.map((axis) => (axis < 0 ? axis + 3 : axis));
    const normalised = expectedForward(x, {shape, axes: positive, epsilon: 1e-3, center: true});
    const expected = normalised.map((v, i) => {
      const at = broadcastIndex(i, shape, paramShape);
      return v * gamma[at] + beta[at];
    });
    expect(output.fused).toBe(1);
    expect(output.shape).toEqual(shape);
    expectClose(output.values, expected, 1e-5);
  });

  test('computed from another input, as in adaptive normalisation', async () => {
    const graph = layer([2], (g) => {
      g.input('gamma');
      g.input('beta');
    });
    const [gamma, beta] = [random.normal(8), random.normal(8)];
    const output = await run(graph, {
      x: tf.tensor(x, shape),
      gamma: tf.tensor(gamma, [2, 1, 4]),
      beta: tf.tensor(beta, [2, 1, 4]),
    });
    const normalised = expectedForward(x, {shape, axes: [2], epsilon: 1e-3, center: true});
    const expected = normalised.map((v, i) => {
      const at = broadcastIndex(i, shape, [2, 1, 4]);
      return v * gamma[at] + beta[at];
    });
    expect(output.fused).toBe(1);
    expectClose(output.values, expected, 1e-5);
  });
});

test('gamma and beta that are one for each column are taken by the kernel', async () => {
  const kernels = async (axes: number[], paramShape: number[]) => {
    const graph = layer(axes, (g) => {
      g.floats('gamma', random.normal(sizeOf(paramShape), 1), paramShape);
      g.floats('beta', random.normal(sizeOf(paramShape)), paramShape);
    });
    const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
    const x = tf.tensor(random.normal(24), [2, 3, 4]);
    const {kernelNames} = await tf.profile(
      () => model.execute(x) as InstanceType<typeof tf.Tensor>,
    );
    return kernelNames.filter((name) => ['LayerNorm', 'Multiply', 'Add'].includes(name)).sort();
  };
  for (const [axes, shape] of [
    [[2], [4]],
    [[2], [1, 1, 4]],
    [
      [1, 2],
      [3, 4],
    ],
    [
      [1, 2],
      [1, 3, 4],
    ],
  ]) {
    expect([shape, await kernels(axes, shape)]).toEqual([shape, ['LayerNorm']]);
  }
  for (const [axes, shape] of [
    [[2], []],
    [[2], [3, 1]],
    [[1, 2], [4]],
    [[2], [2, 3, 4]],
  ]) {
    expect([shape, await kernels(axes, shape)]).toEqual([shape, ['Add', 'LayerNorm', 'Multiply']]);
  }
});

test('so they are where the result takes the shape that the graph asks for', async () => {
  const example = patternGraphs.find(({pattern}) => pattern === 'fusedBatchNorm');
  if (!example) throw new Error('There is no such graph.');
  const model = await loadGraphModel(tf.io.fromMemory(builtGraph(example).artifacts(['out'])));
  const x = tf.tensor(random.normal(24), patternShape);
  const {kernelNames} = await tf.profile(() => model.execute(x) as InstanceType<typeof tf.Tensor>);
  expect(kernelNames).toContain('LayerNorm');
  for (const name of ['Multiply', 'Add']) expect(kernelNames).not.toContain(name);
});

/** The index in a tensor that broadcasts to `shape`, of element `index` there. */
function broadcastIndex(index: number, shape: number[], small: number[]): number {
  let at = 0;
  let stride = 1;
  for (let dim = shape.length - 1, own = small.length - 1; own >= 0; dim--, own--) {
    at += ((index % shape[dim]) % small[own]) * stride;
    stride *= small[own];
    index = Math.floor(index / shape[dim]);
  }
  return at;
}

test('Erfc', async () => {
  const graph = new GraphBuilder();
  graph.op('Erfc', 'out', [graph.input('x')]);
  const {values} = await run(graph, {x: tf.tensor1d([-3, -1, -0.25, 0, 0.5, 1, 2])});
  // Abramowitz and Stegun, table 7.1.
  const erf = [-0.9999779095, -0.8427007929, -0.2763263902, 0, 0.5204998778, 0.8427007929];
  expectClose(
    values,
    [...erf, 0.995322265].map((v) => 1 - v),
    1e-6,
  );
});

describe('Einsum', () => {
  const cases: [string, number[], number[]][] = [
    ['ab,bc->ac', [2, 3], [3, 4]],
    ['abc,cde->abde', [2, 3, 4], [4, 2, 5]], // a projection in attention
    ['aecd,abcd->acbe', [2, 3, 2, 4], [2, 5, 2, 4]], // queries and keys
    ['acbe,aecd->abcd', [2, 2, 3, 5], [2, 5, 2, 4]], // weights and values
    ['ab,ab->ba', [2, 3], [2, 3]],
    ['a,b->ba', [2], [3]],
    ['ab,bc->a', [2, 3], [3, 4]], // a letter that is summed in one tensor alone
    ['aab,ac->bc', [3, 3, 2], [3, 4]], // a diagonal
    ['abcd,bcd->', [2, 3, 1, 2], [3, 1, 2]],
  ];

  /** Equations with `...` or spaces, and the same with letters alone. */
  const dotted: [string, string, number[], number[]][] = [
    ['...a,ab->...b', 'xya,ab->xyb', [2, 3, 4], [4, 5]],
    ['a...b,...cb->...ac', 'ayb,ycb->yac', [2, 3, 4], [3, 5, 4]],
    ['...ab,...bc->...ac', 'xab,xbc->xac', [2, 3, 4], [2, 4, 5]],
    [' ab, b c -> ac ', 'ab,bc->ac', [2, 3], [3, 4]],
  ];

  test.each(dotted)('%s', async (equation, letters, aShape, bShape) => {
    const [a, b] = [random.normal(sizeOf(aShape)), random.normal(sizeOf(bShape))];
    const ours = einsum(equation, tf.tensor(a, aShape), tf.tensor(b, bShape));
    const expected = plainEinsum(letters, [a, aShape], [b, bShape]);
    expect(ours.shape).toEqual(expected.shape);
    expectClose(await ours.data(), expected.values, 1e-5);
  });

  /** Dimensions of `...`, and the equation without those that are 1. */
  const broadcasting: [number[], number[], string][] = [
    [[1, 3, 4], [4, 5], 'ab,bc->ac'],
    [[1, 3, 4], [2, 4, 5], 'ab,xbc->xac'],
    [[2, 3, 4], [1, 4, 5], 'xab,bc->xac'],
    [[1, 3, 4], [1, 4, 5], 'ab,bc->ac'],
    [[2, 1, 3, 4], [3, 4, 5], 'yab,xbc->yxac'],
  ];

  test.each(broadcasting)('dimensions of ... broadcast: [%s] and [%s]', async (a, b, letters) => {
    const values = [a, b].map((shape) => random.normal(sizeOf(shape)));
    const ours = einsum('...ab,...bc->...ac', tf.tensor(values[0], a), tf.tensor(values[1], b));
    const large = (shape: number[]) => shape.filter((size) => size > 1);
    const expected = plainEinsum(letters, [values[0], large(a)], [values[1], large(b)]);
    expect(large(ours.shape)).toEqual(expected.shape);
    expect(ours.rank).toBe(Math.max(a.length, b.length));
    expectClose(await ours.data(), expected.values, 1e-5);
  });

  test.each([
    ['ab->ba', [1, 3, 2, 4]],
    ['aa->a', [1, 4]],
    ['ab->', [10]],
    ['...->...', [1, 2, 3, 4]],
  ])('one tensor: %s', async (equation, values) => {
    const ours = einsum(equation, tf.tensor2d([1, 2, 3, 4], [2, 2]));
    expectClose(await ours.data(), values, 1e-6);
  });

  test.each([
    ['ab,bc->ac', [3, 3], true],
    ['ab,ab->', [3, 3], true],
    ['ab,bc->a', [3, 3], false], // a letter that is summed in one tensor alone
    ['aab,bc->ac', [3, 3, 3], false],
    ['...b,bc->...c', [3, 3], false],
    ['bc,...b->...c', [3, 3], false],
    [',bc->bc', [], false], // a number
  ] as const)(
    '%s is computed by the backend’s kernel where it takes it',
    async (equation, shape, takes) => {
      const graph = new GraphBuilder();
      const attrs = {equation: {s: btoa(equation)}, N: {i: '2'}};
      graph.op('Einsum', 'out', [graph.input('a'), graph.input('b')], attrs);
      const model = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
      const inputs = {a: tf.ones([...shape]), b: tf.ones([3, 3])};
      const {kernelNames} = await tf.profile(
        () => model.execute(inputs) as InstanceType<typeof tf.Tensor>,
      );
      const hasKernel = tf.getKernel('Einsum', tf.getBackend()) !== undefined;
      expect(kernelNames.includes('Einsum')).toBe(takes && hasKernel);
    },
  );

  test('letters in upper case are others than those in lower case', async () => {
    const [a, b] = [random.normal(6), random.normal(12)];
    const graph = new GraphBuilder();
    graph.op('Einsum', 'out', [graph.input('a'), graph.input('b')], {
      equation: {s: btoa('aA,Ab->ab')},
      N: {i: '2'},
    });
    const output = await run(graph, {a: tf.tensor(a, [2, 3]), b: tf.tensor(b, [3, 4])});
    const expected = plainEinsum('ax,xb->ab', [a, [2, 3]], [b, [3, 4]]);
    expectClose(output.values, expected.values, 1e-5);
  });

  test.each(cases)('%s', async (equation, aShape, bShape) => {
    const [a, b] = [random.normal(sizeOf(aShape)), random.normal(sizeOf(bShape))];
    const graph = new GraphBuilder();
    const equationAttr = {s: btoa(equation)};
    graph.op('Einsum', 'out', [graph.input('a'), graph.input('b')], {
      equation: equationAttr,
      N: {i: '2'},
    });
    const inputs = {a: tf.tensor(a, aShape), b: tf.tensor(b, bShape)};
    const expected = plainEinsum(equation, [a, aShape], [b, bShape]);
    const inGraph = await run(graph, inputs);
    const ours = einsum(equation, inputs.a, inputs.b);
    for (const {shape, values} of [inGraph, {shape: ours.shape, values: await ours.data()}]) {
      expect(shape).toEqual(expected.shape);
      expectClose(values, expected.values, 1e-5);
    }
  });

  const unknown = ['ab,bc', 'a,b,c->abc', 'ab,b..->a', 'ab,bc->aac', 'ab,bc->ad', 'a,b->a->b'];
  const more = ['...a...,ab->b', 'ab,...b...->a', 'a->b,c', 'ab,b0->a', ''];

  test.each([...unknown, ...more])('an equation that it does not know is named: %s', (equation) => {
    const x = tf.ones([2, 2]);
    expect(() => einsum(equation, x, x)).toThrow(
      `Einsum: the equation '${equation}' is not one of one or two tensors.`,
    );
  });

  test.each([
    ['ab,bc->ac', 1, 2],
    ['ab->ba', 2, 1],
  ])('another number of tensors is named: %s of %d', (equation, count, takes) => {
    const tensors = Array.from({length: count}, () => tf.ones([2, 2]));
    expect(() => einsum(equation, ...tensors)).toThrow(
      `Einsum: '${equation}' takes ${takes} tensors, but there are ${count}.`,
    );
  });

  test.each([
    ['ab,bc->ac', [2, 3], [2, 3]],
    ['ab,bc->ac', [2, 3], [3]],
    ['ab,bc->ac', [2, 1], [3, 4]], // A letter does not broadcast.
    ['ab,bc->ac', [2, 3], [1, 4]],
    ['...ab,...bc->...ac', [2, 3, 4], [3, 4, 5]],
    ['...ab,...bc->...ac', [3], [3, 4]],
  ])('shapes that do not fit are named: %s', (equation, aShape, bShape) => {
    expect(() => einsum(equation, tf.ones(aShape), tf.ones(bShape))).toThrow(
      `the shapes [${aShape}] and [${bShape}] do not fit`,
    );
  });
});

/** Over every value of every letter. */
function plainEinsum(
  equation: string,
  ...inputs: [Float32Array, number[]][]
): {shape: number[]; values: Float64Array} {
  const [left, right, output] = equation.split(/,|->/);
  const sizes = new Map<string, number>();
  [left, right].forEach((labels, n) => {
    [...labels].forEach((label, i) => {
      sizes.set(label, inputs[n][1][i]);
    });
  });
  const labels = [...sizes.keys()];
  const shapeOf = (of: string) => [...of].map((label) => sizes.get(label) ?? 0);
  const values = new Float64Array(sizeOf(shapeOf(output)));
  for (let n = 0; n < sizeOf(shapeOf(labels.join(''))); n++) {
    const at = new Map<string, number>();
    labels.reduce((rest, label) => {
      const size = sizes.get(label) ?? 1;
      at.set(label, rest % size);
      return Math.floor(rest / size);
    }, n);
    const index = (of: string) =>
      [...of].reduce((i, label) => i * (sizes.get(label) ?? 0) + (at.get(label) ?? 0), 0);
    values[index(output)] += inputs[0][0][index(left)] * inputs[1][0][index(right)];
  }
  return {shape: shapeOf(output), values};
}
