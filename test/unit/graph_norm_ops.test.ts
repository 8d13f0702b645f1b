/**
 * The ops that stand in a graph for what is fused, as a saved graph has them: with dimensions named in each
 * way, and with gamma and beta of any shape that broadcasts. The values are computed here in float64.
 */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import type {AttrValue} from '../../src/graph/graph_def.js';
import {type FusedGraphModel, loadGraphModel} from '../../src/graph/index.js';
import {registerKernels} from '../../src/kernels/register.js';
import {Random} from '../../tools/random.js';
import {expectClose} from '../support/close.js';
import {GraphBuilder} from '../support/graph_builder.js';

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});

interface Case {
  op?: 'LayerNorm' | 'RmsNorm' | 'RmsScaling';
  /** The shape of x. */
  x?: number[];
  /** How the dimensions are named, and which these are. */
  attr: Record<string, AttrValue>;
  axes: number[];
  gamma?: number[];
  beta?: number[];
  /** What sums are divided by; the length of a row where it is left out. */
  count?: number;
  onePass?: boolean;
  /** The shape of the result, where it is not that to which x, gamma and beta broadcast. */
  y?: number[];
  /** The kernels that run, each once in the list. */
  kernels: string[];
}

const int = (value: number): AttrValue => ({i: String(value)});
const ints = (...values: number[]): AttrValue => ({list: {i: values.map(String)}});
const last = {attr: {axes: ints(2)}, axes: [2]};
const ONE = ['LayerNorm'];
/** A row of several dimensions, or a parameter, gets another shape for the kernel. */
const RESHAPED = ['LayerNorm', 'Reshape'];
const MOVED = ['LayerNorm', 'Reshape', 'Transpose'];

const cases: Case[] = [
  {...last, kernels: ONE},
  {...last, gamma: [4], beta: [4], kernels: ONE},
  {...last, beta: [4], kernels: ONE},
  {attr: {axes: ints(-1)}, axes: [2], gamma: [1, 1, 4], kernels: RESHAPED},
  {attr: {axes: ints(-1)}, axes: [2], gamma: [4], beta: [1, 4], kernels: RESHAPED},
  {attr: {axes: ints(2, 1)}, axes: [1, 2], gamma: [3, 4], beta: [3, 4], kernels: RESHAPED},
  {attr: {axes: ints(-1, -2)}, axes: [1, 2], gamma: [3, 4], kernels: RESHAPED},
  {attr: {axes: ints(0)}, axes: [0], gamma: [2, 1, 1], kernels: MOVED},
  {attr: {axes: ints(1)}, axes: [1], gamma: [3, 1], beta: [1, 3, 1], kernels: MOVED},
  {attr: {axes: ints(2, 0)}, axes: [0, 2], gamma: [2, 1, 4], kernels: MOVED},
  {attr: {begin_axis: int(2)}, axes: [2], gamma: [4], kernels: ONE},
  {attr: {begin_axis: int(1)}, axes: [1, 2], gamma: [3, 4], kernels: RESHAPED},
  {attr: {begin_axis: int(0)}, axes: [0, 1, 2], beta: [2, 3, 4], kernels: RESHAPED},
  {attr: {begin_axis: int(-1)}, axes: [2], gamma: [4], kernels: ONE},
  {attr: {begin_axis: int(-2)}, axes: [1, 2], kernels: RESHAPED},
  {attr: {cols: int(4)}, axes: [2], gamma: [4], kernels: ONE},
  {attr: {cols: int(12)}, axes: [1, 2], kernels: RESHAPED},
  {attr: {cols: int(24)}, axes: [0, 1, 2], kernels: RESHAPED},
  {attr: {cols: int(4)}, axes: [1], x: [2, 4, 1], kernels: RESHAPED},
  {...last, x: [2, 3, 1], gamma: [1], kernels: ONE},

  // gamma or beta of other shapes than that of a row
  {...last, gamma: [3, 1], kernels: ['LayerNorm', 'Multiply']},
  {...last, gamma: [3, 1], beta: [4], kernels: ['Add', 'LayerNorm', 'Multiply']},
  {...last, gamma: [4], beta: [3, 1], kernels: ['Add', 'LayerNorm', 'Multiply']},
  {...last, beta: [3, 1], kernels: ['Add', 'LayerNorm']},
  {...last, gamma: [2, 3, 4], kernels: ['LayerNorm', 'Multiply']},
  {...last, gamma: [], kernels: ['LayerNorm', 'Multiply']},
  {...last, gamma: [1, 1, 1, 4], kernels: ['LayerNorm', 'Multiply']},
  {...last, gamma: [2, 1, 1, 4], kernels: ['LayerNorm', 'Multiply']},
  {
    attr: {axes: ints(1)},
    axes: [1],
    x: [3, 4],
    gamma: [2, 1, 4],
    kernels: ['LayerNorm', 'Multiply'],
  },

  // gamma and beta had more dimensions than x
  {...last, attr: {...last.attr, min_rank: int(3)}, gamma: [4], kernels: ONE},
  {...last, attr: {...last.attr, min_rank: int(4)}, gamma: [4], y: [1, 2, 3, 4], kernels: RESHAPED},
  {
    ...last,
    attr: {...last.attr, min_rank: int(5)},
    ...{beta: [3, 1], y: [1, 1, 2, 3, 4]},
    kernels: ['Add', 'LayerNorm', 'Reshape'],
  },

  // the result in another shape
  {...last, attr: {...last.attr, shape: ints(-1, 3, 4)}, gamma: [4], kernels: ONE},
  {...last, attr: {...last.attr, shape: ints(2, 3, 4)}, kernels: ONE},
  {...last, attr: {...last.attr, shape: ints(6, 4)}, y: [6, 4], kernels: RESHAPED},
  {
    ...last,
    attr: {...last.attr, shape: ints(-1, 4)},
    ...{gamma: [4], beta: [6, 1], y: [6, 4]},
    kernels: ['Add', 'LayerNorm', 'Multiply', 'Reshape'],
  },
  {...last, attr: {...last.attr, shape: ints(2, 4, 3)}, y: [2, 4, 3], kernels: RESHAPED},
  {
    ...last,
    x: [2, 4, 1],
    attr: {axes: ints(1), shape: ints(2, 4)},
    axes: [1],
    y: [2, 4],
    kernels: RESHAPED,
  },
  {...last, x: [1, 3, 4], attr: {axes: ints(2), shape: ints(3, 4)}, y: [3, 4], kernels: RESHAPED},

  {op: 'RmsNorm', ...last, gamma: [4], kernels: ONE},
  {op: 'RmsNorm', ...last, gamma: [3, 1], kernels: ['LayerNorm', 'Multiply']},
  {op: 'RmsNorm', attr: {axes: ints(0)}, axes: [0], gamma: [2, 1, 1], kernels: MOVED},
];

/** Sums that are divided by another number than that of a row: what the graph had, op by op. */
const TWO_PASS = ['Add', 'Multiply', 'RealDiv', 'Rsqrt', 'Square', 'Sub', 'Sum'];
const ONE_PASS = [...TWO_PASS, 'Maximum'];
const MEAN_SQUARE = TWO_PASS.filter((name) => name !== 'Sub');

const counted: Case[] = [
  {...last, count: 4, gamma: [4], kernels: ONE},
  {...last, count: 4, onePass: true, kernels: ONE},
  {attr: {axes: ints(1, 2)}, axes: [1, 2], count: 12, kernels: RESHAPED},
  {op: 'RmsNorm', ...last, count: 4, kernels: ONE},
  {...last, count: 5, kernels: TWO_PASS},
  {...last, count: 5, gamma: [4], beta: [4], kernels: TWO_PASS},
  {...last, count: 5, onePass: true, kernels: ONE_PASS},
  {...last, count: 5, onePass: true, beta: [3, 1], kernels: ONE_PASS},
  {attr: {axes: ints(1, 2)}, axes: [1, 2], count: 13, kernels: TWO_PASS},
  {op: 'RmsNorm', ...last, count: 5, kernels: MEAN_SQUARE},
  {op: 'RmsNorm', ...last, count: 3, gamma: [3, 1], kernels: MEAN_SQUARE},
  {
    ...last,
    attr: {...last.attr, min_rank: int(4)},
    ...{count: 5, beta: [4], y: [1, 2, 3, 4]},
    kernels: [...TWO_PASS, 'Reshape'],
  },
];

interface Values {
  shape: number[];
  values: number[];
}

const sizeOf = (shape: number[]) => shape.reduce((size, n) => size * n, 1);

/** Where the element `i` of a tensor of the one shape has its part in a tensor of the other. */
function indexIn(own: number[], shape: number[], i: number): number {
  let [index, step, rest] = [0, 1, i];
  for (let at = 1; at <= shape.length; at++) {
    const position = rest % shape[shape.length - at];
    rest = Math.floor(rest / shape[shape.length - at]);
    const size = own[own.length - at] ?? 1;
    index += size === 1 ? 0 : position * step;
    step *= size;
  }
  return index;
}

function combined(a: Values, b: Values | undefined, of: (a: number, b: number) => number): Values {
  if (!b) return a;
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({length: rank}, (_, i) => {
    const [own, other] = [a, b].map((t) => t.shape[t.shape.length - rank + i] ?? 1);
    return Math.max(own, other);
  });
  const values = Array.from({length: sizeOf(shape)}, (_, i) =>
    of(a.values[indexIn(a.shape, shape, i)], b.values[indexIn(b.shape, shape, i)]),
  );
  return {shape, values};
}

const EPSILON = 1e-3;

/** (x − mean) / √(variance + ε), of which each op leaves something out. */
function expectedOf(given: Case, x: Values, gamma?: Values, beta?: Values): number[] {
  const {op, axes, count, onePass, attr} = given;
  const rowShape = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const rowOf = x.values.map((_, i) => indexIn(rowShape, x.shape, i));
  const mean = (values: number[]) => {
    const sums = Array(sizeOf(rowShape)).fill(0);
    for (const [i, value] of values.entries()) sums[rowOf[i]] += value;
    const divisor = count ?? x.values.length / sums.length;
    return rowOf.map((row) => sums[row] / divisor);
  };
  const square = (value: number) => value * value;
  const means = mean(x.values);
  const about = op === 'RmsNorm' ? x.values : x.values.map((value, i) => value - means[i]);
  const variances = onePass
    ? mean(x.values.map(square)).map((value, i) => value - square(means[i]))
    : mean(about.map(square));
  const top = op === 'RmsScaling' ? x.values : about;
  const values = top.map((value, i) => value / Math.sqrt(variances[i] + EPSILON));
  const asked = attr.shape?.list?.i?.map(Number);
  const rest = -sizeOf(asked ?? []);
  const shape = asked?.map((size) => (size === -1 ? values.length / rest : size)) ?? x.shape;
  const scaled = combined({shape, values}, gamma, (a, b) => a * b);
  return combined(scaled, beta, (a, b) => a + b).values;
}

type Kernel = Awaited<ReturnType<typeof tf.profile>>['kernels'][number];

/** Runs the op alone, and compares its values. @returns The kernels that ran. */
async function run(given: Case, mean = 1): Promise<Kernel[]> {
  const {op = 'LayerNorm', attr, x: shape = [2, 3, 4], count, onePass = false} = given;
  const random = new Random(7);
  const draw = (own: number[] | undefined, about: number): Values | undefined =>
    own && {shape: own, values: Array.from(random.normal(sizeOf(own), about))};
  const [x, gamma, beta] = [draw(shape, mean), draw(given.gamma, 1), draw(given.beta, 0)];

  const graph = new GraphBuilder();
  const tensors = Object.entries({x, gamma, beta}).flatMap(([name, t]) =>
    t ? [{name, ...t}] : [],
  );
  graph.op(
    `Tfjs${op}`,
    'out',
    tensors.map(({name}) => graph.input(name)),
    {
      ...attr,
      epsilon: {f: EPSILON},
      has_gamma: {b: gamma !== undefined},
      ...(count !== undefined && {count: int(count), one_pass: {b: onePass}}),
    },
  );
  const model: FusedGraphModel = await loadGraphModel(tf.io.fromMemory(graph.artifacts(['out'])));
  const inputs = Object.fromEntries(
    tensors.map(({name, values, shape: own}) => [name, tf.tensor(values, own)]),
  );
  const before = tf.memory().numTensors;
  const {kernels, result} = await tf.profile(() => model.execute(inputs) as tf.Tensor);
  const y = result as unknown as tf.Tensor;
  expect(tf.memory().numTensors).toBe(before + 1);
  const expected = expectedOf(given, x as Values, gamma, beta);
  const broadcast = combined(
    combined(x as Values, gamma, (a) => a),
    beta,
    (a) => a,
  ).shape;
  expect(y.shape).toEqual(given.y ?? broadcast);
  expectClose(y.dataSync(), expected, 1e-5);
  tf.dispose([y, inputs]);
  return kernels;
}

const namesOf = (kernels: Kernel[]) => [...new Set(kernels.map(({name}) => name))];

test.each(
  [...cases, ...counted].map(
    (given) => [JSON.stringify({...given, kernels: undefined}), given] as const,
  ),
)('%s', async (_, given) => {
  expect(namesOf(await run(given)).sort()).toEqual([...given.kernels].sort());
});

test.each([
  {gamma: [4], times: 2}, // as large as x with the root
  {gamma: [3, 1], times: 1},
  {gamma: [], times: 1},
])(
  'a scale of the shape $gamma is multiplied with the root first, where that is smaller',
  async ({gamma, times}) => {
    const kernels = await run({...last, count: 5, gamma, kernels: []});
    const large = kernels.filter(
      ({name, outputShapes}) => name === 'Multiply' && sizeOf(outputShapes[0]) === 24,
    );
    expect(large).toHaveLength(times);
  },
);

describe('where two transposes cost more than one kernel saves', () => {
  beforeAll(() => {
    const cpu = tf.backend();
    tf.registerBackend('tensorflow', () => cpu);
    tf.copyRegisteredKernels('cpu', 'tensorflow');
  });

  beforeEach(() => void tf.setBackend('tensorflow'));

  afterEach(() => void tf.setBackend('cpu'));

  afterAll(() => {
    tf.removeBackend('tensorflow');
    for (const {kernelName} of tf.getKernelsForBackend('tensorflow')) {
      tf.unregisterKernel(kernelName, 'tensorflow');
    }
    registerKernels();
  });

  const at1 = {attr: {axes: ints(1)}, axes: [1]};

  test.each<Case>([
    {...at1, gamma: [3, 1], beta: [3, 1], kernels: []},
    {...at1, gamma: [3, 4], kernels: []},
    {...at1, attr: {...at1.attr, min_rank: int(4)}, beta: [4], y: [1, 2, 3, 4], kernels: []},
    {...at1, attr: {...at1.attr, shape: ints(-1, 3, 4)}, kernels: []},
    {...at1, count: 3, onePass: true, kernels: []},
    {op: 'RmsNorm', ...at1, gamma: [3, 1], kernels: []},
  ])('ops of tfjs do it: %j', async (given) => {
    const names = namesOf(await run(given));
    expect(names).toEqual(expect.arrayContaining(['Mean', 'Rsqrt', 'Multiply']));
    expect(
      names.filter((name) => ['LayerNorm', 'Sum', 'Maximum', 'Transpose'].includes(name)),
    ).toEqual([]);
  });

  test.each<Case>([
    {...last, gamma: [4], kernels: ONE},
    {
      ...last,
      attr: {...last.attr, shape: ints(6, 4)},
      gamma: [4],
      y: [6, 4],
      kernels: ['LayerNorm', 'Multiply', 'Reshape'],
    },
    {...at1, attr: {...at1.attr, shape: ints(6, 4)}, y: [6, 4], kernels: MOVED},
    {...at1, count: 4, kernels: TWO_PASS},
  ])('not if nothing is moved, or the result has another shape: %j', async (given) => {
    expect(namesOf(await run(given)).sort()).toEqual([...given.kernels].sort());
  });

  test('the scaling by the root alone has its own', async () => {
    await run({op: 'RmsScaling', ...at1, gamma: [3, 1], kernels: []});
  });
});

test.each([
  {op: 'RmsScaling', ...last, gamma: [4]},
  {op: 'RmsScaling', ...last, gamma: [3, 1]},
  {op: 'RmsScaling', attr: {axes: ints(1, 2)}, axes: [1, 2]},
] as const)('the scaling by the root alone: %j', async (given) => {
  await run({...given, kernels: []} as unknown as Case);
});

test('rows that are not the last dimensions', async () => {
  await expect(run({attr: {cols: int(8)}, axes: [2], kernels: []})).rejects.toThrow(
    'TfjsLayerNorm: the graph normalises rows of 8 elements, ' +
      'which are not the last dimensions of the shape [2,3,4].',
  );
});
