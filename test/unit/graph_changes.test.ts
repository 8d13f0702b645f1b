/**
 * Every graph that is one change away from a pattern gives the values that tfjs gives without fusing:
 * another op, another input, the inputs the other way round, another constant, an attribute turned
 * round. Most of these are no normalisation any more, and must be left as they are.
 */
import '../support/quiet_cpu.js';
import * as converter from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../../src/graph/graph_def.js';
import {loadGraphModel} from '../../src/graph/index.js';
import {Random} from '../../tools/random.js';
import type {GraphBuilder} from '../support/graph_builder.js';
import {builtGraph, patternGraphs, shape} from '../support/pattern_graphs.js';

/** Ops of the same shape that a node may have instead. */
const OTHER_OPS: Readonly<Record<string, readonly string[]>> = {
  Add: ['Sub', 'Mul'],
  AddV2: ['Sub', 'Mul', 'Maximum'],
  BiasAdd: ['Mul', 'Sub'],
  DivNoNan: ['Mul', 'Sub', 'RealDiv'],
  Identity: ['Neg', 'Abs'],
  Maximum: ['Minimum', 'AddV2', 'Mul'],
  Mean: ['Sum', 'Max'],
  Mul: ['AddV2', 'RealDiv', 'Sub'],
  Neg: ['Abs', 'Square', 'Identity'],
  OnesLike: ['ZerosLike', 'Identity'],
  Pow: ['Mul', 'AddV2'],
  RealDiv: ['Mul', 'Sub', 'DivNoNan'],
  Reciprocal: ['Sqrt', 'Rsqrt', 'Identity'],
  Rsqrt: ['Sqrt', 'Reciprocal', 'Identity'],
  Sqrt: ['Rsqrt', 'Identity', 'Square'],
  Square: ['Abs', 'Identity', 'Neg'],
  SquaredDifference: ['Sub', 'Mul', 'AddV2'],
  Sub: ['AddV2', 'Mul', 'SquaredDifference'],
  Sum: ['Mean', 'Max'],
  ZerosLike: ['OnesLike', 'Identity'],
};

interface Change {
  what: string;
  make(graph: GraphBuilder): void;
}

/** The changes of one node; it may take what is computed before it. */
function changesOf(graph: GraphBuilder, at: number): Change[] {
  const {name, op, input = [], attr = {}} = graph.nodes[at];
  const before = graph.nodes.slice(0, at).map((node) => node.name);
  const others = ['x', 'z', ...before.filter((other) => other !== 'x')];
  const change = (what: string, make: (graph: GraphBuilder) => Partial<NodeDef>): Change => ({
    what: `${name} ${what}`,
    make: (g) => void Object.assign(g.node(name), make(g)),
  });
  const changes = (OTHER_OPS[op] ?? []).map((other) => change(`is ${other}`, () => ({op: other})));
  input.forEach((from, i) => {
    for (const other of others.filter((o) => o !== from)) {
      changes.push(
        change(`takes ${other} for ${from}`, () => ({input: replaced(input, i, other)})),
      );
    }
    if (graph.node(from).op !== 'Const') return;
    for (const [text, make] of constantsFor(graph, from)) {
      changes.push(
        change(`takes ${text} for ${from}`, (g) => ({input: replaced(input, i, make(g))})),
      );
    }
  });
  if (input.length === 2) {
    changes.push(change('the other way', () => ({input: [...input].reverse()})));
  }
  if (attr.keep_dims) {
    const keeps = !attr.keep_dims.b;
    changes.push(
      change('keeps dimensions or not', () => ({attr: {...attr, keep_dims: {b: keeps}}})),
    );
  }
  return changes;
}

function replaced(list: string[], i: number, by: string): string[] {
  return list.map((item, at) => (at === i ? by : item));
}

/** Constants that another may be replaced by. */
function constantsFor(graph: GraphBuilder, name: string): [string, (g: GraphBuilder) => string][] {
  const spec = graph.artifacts([]).weightSpecs?.find((s) => s.name === name);
  if (spec?.dtype === 'int32') {
    return [[0], [1], [2], [-1], [1, 2], [2, 3, 1], [2, 1, 3]].map((values) => [
      `[${values}]`,
      (g) => g.integers('other', values),
    ]);
  }
  return [
    ...[-1, -0.5, 0, 1e-3, 0.25, 0.5, 1, 2, 4].map(
      (value): [string, (g: GraphBuilder) => string] => [
        String(value),
        (g) => g.floats('other', value),
      ],
    ),
    ['four numbers', (g) => g.floats('other', [0.1, 0.2, 0.3, 0.4])],
    ['one for each row', (g) => g.floats('other', [1, 2, 3], [3, 1])],
  ];
}

const inputs: tf.NamedTensorMap = {};

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
  const random = new Random(64);
  for (const name of ['x', 'z', 'residual']) {
    inputs[name] = tf.tensor(random.normal(24, 1), shape);
  }
});

/** The values of a graph, or nothing where it is none that could be: shapes that do not fit, say. */
async function valuesOf(
  graph: GraphBuilder,
  load: (handler: tf.io.IOHandler) => Promise<converter.GraphModel>,
): Promise<{shape: number[]; values: number[]} | undefined> {
  try {
    const model = await load(tf.io.fromMemory(graph.artifacts(['out'])));
    return tf.tidy(() => {
      const y = model.execute(inputsOf(graph)) as tf.Tensor;
      return {shape: y.shape, values: Array.from(y.dataSync())};
    });
  } catch {
    return undefined;
  }
}

function inputsOf(graph: GraphBuilder): tf.NamedTensorMap {
  const names = graph.nodes.filter(({op}) => op === 'Placeholder').map(({name}) => name);
  return Object.fromEntries(names.map((name) => [name, inputs[name]]));
}

const CHANGES_OF_EACH = 25;

// tfjs computes a batch normalisation in training wrongly, so that it is no measure for those.
const measurable = patternGraphs
  .filter(({pattern}) => pattern !== 'fusedBatchNorm')
  .map((example, seed) => ({...example, seed}));

test.each(measurable)('$pattern, $name', async ({seed, ...example}) => {
  const random = new Random(seed);
  const built = () => {
    const graph = builtGraph(example);
    graph.input('z');
    return graph;
  };
  const all = built().nodes.flatMap((_, at) => changesOf(built(), at));
  const some = all.filter(() => random.uniform() * all.length < CHANGES_OF_EACH);
  let computed = 0;
  for (const {what, make} of some) {
    const graph = built();
    make(graph);
    const expected = await valuesOf(graph, (handler) => converter.loadGraphModel(handler));
    if (!expected) continue;
    const ours = await valuesOf(graph, loadGraphModel);
    expect([what, ours?.shape]).toEqual([what, expected.shape]);
    expect([what, differences(ours?.values ?? [], expected.values)]).toEqual([what, []]);
    computed++;
  }
  expect(computed).toBeGreaterThan(2);
});

test('sums that are divided by another number than that of a row', async () => {
  for (const example of patternGraphs.filter(({name}) => name.startsWith('sums divided by'))) {
    const graph = builtGraph(example);
    graph.floats('five', 5);
    for (const node of graph.nodes)
      node.input = node.input?.map((from) => (from === 'n' ? 'five' : from));
    const expected = await valuesOf(graph, (handler) => converter.loadGraphModel(handler));
    const ours = await valuesOf(graph, loadGraphModel);
    expect(expected?.values).toHaveLength(24);
    expect(differences(ours?.values ?? [], expected?.values ?? [])).toEqual([]);
  }
});

/** The pairs that are apart. */
function differences(ours: number[], expected: number[]): [number, number][] {
  const pairs = ours.map((value, i): [number, number] => [value, expected[i]]);
  return pairs.filter(
    ([own, other]) =>
      !Object.is(own, other) && !(Math.abs(own - other) <= 1e-4 * Math.max(1, Math.abs(other))),
  );
}
