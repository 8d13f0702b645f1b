/** What fuseGraph makes of each pattern's nodes, and the graphs that only look like a pattern. */
import '../support/quiet_cpu.js';
import type * as tf from '@tensorflow/tfjs-core';
import type {GraphDef, NodeDef} from '../../src/graph/graph_def.js';
import {type FusionReport, fuseGraph} from '../../src/graph/index.js';
import {GraphBuilder} from '../support/graph_builder.js';
import {builtGraph, type PatternGraph, patternGraphs} from '../support/pattern_graphs.js';

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});

function fused(
  graph: GraphBuilder,
  outputs = ['out'],
): {nodes: GraphDef['node']; report: FusionReport} {
  const artifacts = fuseGraph({
    load: () => graph.artifacts(outputs),
  }).load() as tf.io.ModelArtifacts;
  // Under their names in TensorFlow also the ops that are supplied.
  const ownName = (op: string) => (Object.values(ops).includes(op) ? op : op.replace(/^Tfjs/, ''));
  return {
    nodes: (artifacts.modelTopology as GraphDef).node.map((n) => ({...n, op: ownName(n.op)})),
    report: artifacts.userDefinedMetadata?.layerNorm as FusionReport,
  };
}

const ops = {
  centred: 'TfjsLayerNorm',
  fusedBatchNorm: 'TfjsLayerNorm',
  keras2: 'TfjsLayerNorm',
  keras3: 'TfjsLayerNorm',
  onePass: 'TfjsLayerNorm',
  rmsNorm: 'TfjsRmsNorm',
  rmsScaling: 'TfjsRmsScaling',
};

describe.each(Object.keys(ops))('%s', (pattern) => {
  const graphs = patternGraphs.filter((graph) => graph.pattern === pattern);

  test.each(graphs)('becomes one op: $name', (example) => {
    const {gamma, beta, takes = 'x', root = 'out', stays = [], epsilon} = example;
    const {nodes, report} = fused(builtGraph(example));
    expect(report).toEqual({fused: 1, patterns: {[pattern]: 1}});

    const node = nodes.find(({name}) => name === root);
    expect(node?.op).toBe(ops[example.pattern]);
    const params = [...(gamma ? ['gamma'] : []), ...(beta ? ['beta'] : [])];
    const outside = [
      ...(stays.includes('scaled') ? params : []),
      ...(stays.includes('added') ? ['beta'] : []),
    ];
    expect(node?.input).toEqual([takes, ...params.filter((param) => !outside.includes(param))]);
    expect(node?.attr?.epsilon.f).toBeCloseTo(epsilon, 8);

    const left = nodes.map(({name}) => name).sort();
    const expected = ['x', root, ...params, ...stays];
    expect(left).toEqual([...new Set(expected)].sort());
  });

  // The batch normalisation alone is replaced whatever is around it.
  const alone = pattern === 'fusedBatchNorm' ? 1 : 0;
  const inner = pattern === 'fusedBatchNorm' ? 'toRows' : 'rstd';

  test.each(graphs)('stays where an inner value is an output too: $name', (example) => {
    const graph = builtGraph(example);
    const before = structuredClone(graph.nodes);
    const {nodes, report} = fused(graph, ['out', inner]);
    expect(report.fused).toBe(alone);
    const stay = ({name, op}: NodeDef) =>
      !(alone && (name === 'norm' || isOfNorm(name) || op === 'Fill'));
    expect(nodes.filter(stay)).toEqual(before.filter(stay));
  });

  test.each(graphs)('stays where an inner value is used elsewhere: $name', (example) => {
    const graph = builtGraph(example);
    graph.op('Exp', 'elsewhere', [inner]);
    const {nodes, report} = fused(graph, ['out', 'elsewhere']);
    expect(report.fused).toBe(alone);
    expect(nodes.map(({name}) => name)).toContain(inner);
  });

  test.each(graphs)('stays where an inner value is passed on to an output: $name', (example) => {
    const graph = builtGraph(example);
    graph.op('Identity', 'passed', [inner]);
    const {nodes, report} = fused(graph, ['out', 'passed']);
    expect(report.fused).toBe(alone);
    expect(nodes.map(({name}) => name)).toEqual(expect.arrayContaining([inner, 'passed']));
  });

  test.each(graphs)('is seen through nodes that only pass values on: $name', (example) => {
    const graph = builtGraph(example);
    for (const node of [...graph.nodes]) {
      const {name, input = []} = node;
      node.input = input.map((from, i) =>
        ['Identity', 'StopGradient', 'Snapshot', 'Identity'].reduce(
          (before, op, at) => graph.op(op, `${name}/${i}/${at}`, [before]),
          from,
        ),
      );
    }
    const {nodes, report} = fused(graph);
    expect(report).toEqual({fused: 1, patterns: {[pattern]: 1}});
    const node = nodes.find(({name}) => name === (example.root ?? 'out'));
    expect(node?.op).toBe(ops[example.pattern]);
    const names = new Set(nodes.map(({name}) => name));
    expect(nodes.flatMap(({input = []}) => input).filter((name) => !names.has(name))).toEqual([]);
  });

  test.each(graphs)('takes nothing in that is no scale or offset of its own: $name', (example) => {
    for (const [op, other, attr] of followers(example)) {
      const graph = builtGraph(example);
      graph.input('given');
      graph.floats('other', 0.5);
      const input = other === undefined ? ['out'] : ['out', other];
      graph.op(op, 'after', input, attr);
      const {nodes, report} = fused(graph, ['after']);
      expect([op, other, report]).toEqual([op, other, {fused: 1, patterns: {[pattern]: 1}}]);
      expect(nodes.find(({name}) => name === 'after')).toEqual(graph.node('after'));
    }
  });
});

/** Nodes that take the result, and what they take beside it. */
function followers({
  gamma,
  beta,
}: PatternGraph): [op: string, other?: string, attr?: NodeDef['attr']][] {
  return [
    ['Relu'],
    ['Mul', 'given'],
    ['AddV2', 'given'],
    ['Sub', 'other'],
    ['RealDiv', 'other'],
    ['BiasAdd', 'other', {data_format: {s: 'TkNIVw=='}}],
    ...(gamma ? [['Mul', 'other'] as [string, string]] : []),
    ...(beta ? [['AddV2', 'other'] as [string, string]] : []),
  ];
}

test.each([
  ['centred', 'product', ['x', 'gamma']],
  ['centred, the variance of the centred tensor, gamma after the product', 'product', ['x']],
  ['fusedBatchNorm', 'back', ['x']],
  ['fusedBatchNorm', 'scaled', ['x', 'gamma']],
  ['keras2, the scaled mean negated, beta after the sum', 'added', ['x']],
  ['rmsNorm, the scale on the product, the square a product too', 'product', ['x']],
])('%s ends with %s, where that is asked for', (of, output, takes) => {
  const graph = builtGraph(exampleOf(of));
  const {nodes, report} = fused(graph, ['out', output]);
  expect(report.fused).toBe(1);
  expect(nodes.find(({name}) => name === output)?.input).toEqual(takes);
  expect(nodes.find(({name}) => name === 'out')).toEqual(graph.node('out'));
});

/** Ops with the same meaning under another name, which older graphs have. */
const SYNONYMS = {AddV2: 'Add', RealDiv: 'Div', Reciprocal: 'Inv'};

const withSynonyms = Object.entries(SYNONYMS).flatMap(([op, synonym]) =>
  patternGraphs
    .filter((example) => builtGraph(example).nodes.some((node) => node.op === op))
    .map((example) => ({...example, op, synonym})),
);

test.each(withSynonyms)(
  '$pattern, $name: $synonym in place of $op',
  ({op, synonym, ...example}) => {
    const graph = builtGraph(example);
    for (const node of graph.nodes.filter((one) => one.op === op)) node.op = synonym;
    expect(fused(graph).report).toEqual({fused: 1, patterns: {[example.pattern]: 1}});
  },
);

/** What only the batch normalisation used. */
function isOfNorm(name: string): boolean {
  return ['rowsList', 'oneFloat', 'zero', 'empty'].includes(name);
}

interface NearMiss {
  name: string;
  of: string;
  change(graph: GraphBuilder): void;
}

/** Of the first example of the pattern, unless the name of one is given. */
const nearMisses: NearMiss[] = [
  {
    name: 'not in training',
    of: 'fusedBatchNorm',
    change: (g) => (attr(g, 'norm').is_training = {b: false}),
  },
  {
    name: 'channels last',
    of: 'fusedBatchNorm',
    change: (g) => (attr(g, 'norm').data_format = {s: 'TkhXQw=='}),
  },
  {
    name: 'a scale that is not 1',
    of: 'fusedBatchNorm',
    change: (g) => g.node('ones').input?.splice(1, 1, g.floats('two', 2)),
  },
  {
    name: 'an offset that is not 0',
    of: 'fusedBatchNorm',
    change: (g) => g.node('zeros').input?.splice(1, 1, 'oneFloat'),
  },
  {
    name: 'several images',
    of: 'fusedBatchNorm',
    change: (g) => g.node('rowsShape').input?.splice(0, 1, g.integers('two', 2)),
  },
  {
    name: 'columns in two places',
    of: 'fusedBatchNorm',
    change: (g) => g.node('rowsShape').input?.splice(3, 1, g.integers('two', 2)),
  },
  {
    name: 'more dimensions',
    of: 'fusedBatchNorm',
    change: (g) => {
      const rows = g.node('rowsShape').input;
      rows?.splice(3, 1, g.integers('two', 2), 'one');
    },
  },
  {
    name: 'rows that are no Reshape',
    of: 'fusedBatchNorm',
    change: (g) => (g.node('toRows').op = 'BroadcastTo'),
  },
  {
    name: 'scales of which one is not 1',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'norm', 'ones', g.floats('scales', [1, 1, 2])),
  },
  {
    name: 'scales that are not known',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'norm', 'ones', g.input('z')),
  },
  {
    name: 'offsets of which one is not 0',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'norm', 'zeros', g.floats('offsets', [0, 0, 2])),
  },
  {
    name: 'no scales at all',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'norm', 'ones', 'empty'),
  },
  {
    name: 'a batch moment instead of the result',
    of: 'fusedBatchNorm',
    change: (g) => g.node('back').input?.splice(0, 1, 'norm:1'),
  },
  ...['keras2', 'keras3', 'rmsScaling'].flatMap((of): NearMiss[] => [
    {
      name: 'a variance in one pass',
      of,
      change: (g) => {
        g.op('Square', 'square', ['x']);
        g.op('Mean', 'meanOfSquares', ['square', 'axes'], {keep_dims: {b: true}});
        g.op('Square', 'squareOfMean', ['mean']);
        Object.assign(g.node('variance'), {op: 'Sub', input: ['meanOfSquares', 'squareOfMean']});
      },
    },
    {name: 'sums divided by a number for means', of, change: divideSums},
  ]),
  ...['keras2', 'keras3'].flatMap((of): NearMiss[] => [
    {
      name: 'an offset that is not added',
      of,
      change: (g) => swap(g, 'out', 'offset', g.input('z')),
    },
    {
      name: 'a mean without its dimension in the product',
      of,
      change: (g) => {
        attr(g, 'mean').keep_dims = {b: false};
        g.op('ExpandDims', 'column', ['mean', g.integers('last', 2)]);
        swap(g, 'difference', 'mean', 'column');
      },
    },
  ]),
  {
    name: 'a negated mean that is not added',
    of: 'keras2, the scaled mean negated, beta after the sum',
    change: (g) => swap(g, 'added', 'negated', g.input('z')),
  },
  {
    name: 'a quotient by the negated mean',
    of: 'keras2, the scaled mean negated, beta after the sum',
    change: (g) => (g.node('added').op = 'RealDiv'),
  },
  ...['AddV2', 'RealDiv', 'Maximum'].map(
    (op): NearMiss => ({
      name: `${op} of the products`,
      of: 'keras2, axes counted from the end, no gamma and beta',
      change: (g) => (g.node('out').op = op),
    }),
  ),
  ...['Mul', 'Maximum'].map(
    (op): NearMiss => ({
      name: `${op} of the products`,
      of: 'keras3, a middle axis, Identity on the way, the products added first',
      change: (g) => (g.node('out').op = op),
    }),
  ),
  {
    name: 'a list of the products and the residual',
    of: 'keras3, a residual among the products',
    change: (g) => (g.node('added').op = 'Pack'),
  },
  ...['keras2', 'keras3', 'rmsScaling'].flatMap((of): NearMiss[] => [
    {
      name: 'a mean that drops its dimension',
      of,
      change: (g) => (attr(g, 'mean').keep_dims = {b: false}),
    },
    {
      name: 'a variance that drops its dimension',
      of,
      change: (g) => (attr(g, 'variance').keep_dims = {b: false}),
    },
    {
      name: 'mean and variance over different axes',
      of,
      change: (g) => g.node('variance').input?.splice(1, 1, g.integers('more', [1, 2])),
    },
    {
      name: 'mean and variance over two axes of which one is the same',
      of,
      change: (g) => {
        g.node('mean').input?.splice(1, 1, g.integers('some', [1, 2]));
        g.node('variance').input?.splice(1, 1, g.integers('others', [2, 0]));
      },
    },
    {
      name: 'no axes',
      of,
      change: (g) => {
        g.integers('none', []);
        for (const name of ['mean', 'variance']) swap(g, name, 'axes', 'none');
      },
    },
    {
      name: 'axes that are not constant',
      of,
      change: (g) => g.node('variance').input?.splice(1, 1, g.input('given')),
    },
    {
      name: 'an epsilon that is not constant',
      of,
      change: (g) => g.node('sum').input?.splice(1, 1, g.input('given')),
    },
    {
      name: 'an epsilon for each column',
      of,
      change: (g) => g.node('sum').input?.splice(1, 1, g.floats('list', [1, 2, 3, 4])),
    },
    {
      name: 'a negative epsilon',
      of,
      change: (g) => g.node('sum').input?.splice(1, 1, g.floats('negative', -1e-3)),
    },
    {
      name: 'the mean of another tensor',
      of,
      change: (g) => g.node('mean').input?.splice(0, 1, g.input('z')),
    },
    {
      name: 'another tensor in the product',
      of,
      change: (g) => swap(g, of === 'rmsScaling' ? 'out' : 'scaledX', 'x', g.input('z')),
    },
    {name: 'a root that is not inverted', of, change: (g) => (g.node('rstd').op = 'Sqrt')},
  ]),
  ...(
    [
      ['weights that are not ones', (g) => swap(g, 'weights', 'ones', 'x')],
      ['what is added to the weights not 0', (g) => (g.node('zeros').op = 'OnesLike')],
      ['weights of another tensor', (g) => swap(g, 'allWeights', 'weights', g.input('z'))],
      ['another weight for the squares', (g) => swap(g, 'weighedSquares', 'weights', g.input('z'))],
      ['a sum over other axes', (g) => swap(g, 'total', 'axes', g.integers('rows', [1]))],
      ['a sum that drops its dimension', (g) => (attr(g, 'total').keep_dims = {b: false})],
      ['a quotient the other way', (g) => g.node('mean').input?.reverse()],
      ['a greatest value for the sum', (g) => (g.node('sumX').op = 'Max')],
      ['a sum in place of the product', (g) => (g.node('weighed').op = 'AddV2')],
      ['a quotient that may be NaN', (g) => (g.node('variance').op = 'Sub')],
      ['a product in place of the sum of the weights', (g) => (g.node('allWeights').op = 'Mul')],
      [
        'the squares weighed by another tensor',
        (g) => {
          swap(g, 'weighedSquares', 'weights', g.input('z'));
          g.node('weighedSquares').input?.reverse();
        },
      ],
      [
        'x weighed by another tensor',
        (g) => {
          swap(g, 'weighed', 'weights', g.input('z'));
          g.node('weighed').input?.reverse();
        },
      ],
      [
        'weights filled with 2',
        (g) => {
          Object.assign(g.node('ones'), {op: 'Fill', input: ['weightsShape', g.floats('two', 2)]});
        },
      ],
      [
        'a mean in another shape',
        (g) => {
          g.op('Reshape', 'turned', ['mean', g.integers('turnedShape', [3, 2, 1])]);
          swap(g, 'difference', 'mean', 'turned');
        },
      ],
    ] satisfies [string, NearMiss['change']][]
  ).map(
    ([name, change]): NearMiss => ({
      name,
      of: 'keras2, group normalisation of Keras 2: means weighed by ones',
      change,
    }),
  ),
  {
    name: 'the mean subtracted from another tensor',
    of: 'centred',
    change: (g) => swap(g, 'centred', 'x', g.input('z')),
  },
  {name: 'the mean minus x', of: 'centred', change: (g) => g.node('centred').input?.reverse()},
  {name: 'x plus the mean', of: 'centred', change: (g) => (g.node('centred').op = 'AddV2')},
  {
    name: 'another mean subtracted',
    of: 'centred',
    change: (g) => {
      g.op('Mean', 'other-mean', ['x', g.integers('rows', [1])], {keep_dims: {b: true}});
      swap(g, 'centred', 'mean', 'other-mean');
    },
  },
  {
    name: 'means over different axes',
    of: 'centred',
    change: (g) => g.node('mean').input?.splice(1, 1, g.integers('rows', [1])),
  },
  {
    name: 'a mean that drops its dimension',
    of: 'centred',
    change: (g) => (attr(g, 'mean').keep_dims = {b: false}),
  },
  {
    name: 'a mean in another shape',
    of: 'centred',
    change: (g) => {
      g.op('Reshape', 'turned', ['mean', g.integers('turnedShape', [3, 2, 1])]);
      for (const name of ['difference', 'centred']) swap(g, name, 'mean', 'turned');
    },
  },
  {
    name: 'a scale on the centred tensor as well',
    of: 'centred',
    change: (g) => {
      g.op('Mul', 'centred-scaled', ['centred', g.floats('two', [1, 2, 3, 4])]);
      swap(g, 'product', 'centred', 'centred-scaled');
    },
  },
  {
    name: 'a sum with gamma in place of the product',
    of: 'centred, gamma on the centred tensor, which is divided by the root',
    change: (g) => (g.node('scaled').op = 'AddV2'),
  },
  {
    name: 'the product with the negated mean',
    of: 'centred, a power of −½ of what is not negative, x plus the negated mean',
    change: (g) => (g.node('centred').op = 'Mul'),
  },
  {
    name: 'epsilon outside of the root',
    of: 'centred',
    change: (g) => {
      g.op('Rsqrt', 'outside', ['variance']);
      g.node('sum').input?.splice(0, 1, 'outside');
      swap(g, 'scale', 'rstd', 'sum');
    },
  },
  {
    name: 'a sum with another tensor under the root',
    of: 'centred',
    change: (g) => g.node('sum').input?.splice(1, 1, g.input('given')),
  },
  {name: 'epsilon subtracted', of: 'centred', change: (g) => (g.node('sum').op = 'Sub')},
  {name: 'a root that is not inverted', of: 'centred', change: (g) => (g.node('rstd').op = 'Sqrt')},
  {
    name: 'a quotient by the scale',
    of: 'centred',
    change: (g) => (g.node('product').op = 'RealDiv'),
  },
  {
    name: 'a scale that is added',
    of: 'centred',
    change: (g) => (g.node('scale').op = 'AddV2'),
  },
  {
    name: 'the square of another tensor',
    of: 'centred, the variance of the centred tensor, gamma after the product',
    change: (g) => swap(g, 'product', 'centred', g.input('z')),
  },
  {
    name: 'the root divided by what it should divide',
    of: 'centred, gamma on the centred tensor, which is divided by the root',
    change: (g) => g.node('quotient').input?.reverse(),
  },
  {
    name: 'a product with the root',
    of: 'centred, gamma on the centred tensor, which is divided by the root',
    change: (g) => (g.node('quotient').op = 'Mul'),
  },
  {
    name: 'another power',
    of: 'centred, a power of −½ of what is not negative, x plus the negated mean',
    change: (g) => swap(g, 'rstd', 'power', g.floats('other', -1)),
  },
  {
    name: 'a bound above epsilon',
    of: 'centred, a power of −½ of what is not negative, x plus the negated mean',
    change: (g) => swap(g, 'bounded', 'zero', g.floats('bound', 0.1)),
  },
  {
    name: 'an upper bound',
    of: 'centred, a power of −½ of what is not negative, x plus the negated mean',
    change: (g) => (g.node('bounded').op = 'Minimum'),
  },
  {
    name: 'a mean that is not negated',
    of: 'centred, a power of −½ of what is not negative, x plus the negated mean',
    change: (g) => (g.node('negated').op = 'Abs'),
  },
  {
    name: 'a bound of the variance above 0',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => swap(g, 'bounded', 'zero', g.floats('bound', 1e-6)),
  },
  {
    name: 'a bounded variance in another shape',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => {
      g.op('Reshape', 'turned', ['bounded', g.integers('turnedShape', [3, 2, 1])]);
      swap(g, 'sum', 'bounded', 'turned');
    },
  },
  {
    name: 'one over another power',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => swap(g, 'root', 'power', g.floats('other', 2)),
  },
  {
    name: 'one over half of the sum',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => (g.node('root').op = 'Mul'),
  },
  {
    name: 'two over the root',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => swap(g, 'rstd', 'one', g.floats('two', 2)),
  },
  {
    name: 'a product with another tensor in place of the square',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => g.node('square').input?.splice(1, 1, g.input('z')),
  },
  {
    name: 'a divisor that is no whole number',
    of: 'centred, sums divided by the number of elements, in two passes',
    change: (g) => {
      swap(g, 'variance', 'n', g.floats('part', 2.5));
      swap(g, 'mean', 'n', 'part');
    },
  },
  ...['AddV2', 'Sub'].map(
    (op): NearMiss => ({
      name: `${op} with the number of elements for a quotient`,
      of: 'centred, sums divided by the number of elements, in two passes',
      change: (g) => (g.node('variance').op = op),
    }),
  ),
  {
    name: 'sums divided by 0',
    of: 'centred, sums divided by the number of elements, in two passes',
    change: (g) => {
      swap(g, 'variance', 'n', g.floats('nothing', 0));
      swap(g, 'mean', 'n', 'nothing');
    },
  },
  {
    name: 'twice x in place of the square',
    of: 'rmsNorm, the scale on the product, the square a product too',
    change: (g) => (g.node('square').op = 'AddV2'),
  },
  {
    name: 'the absolute value in place of the square',
    of: 'rmsNorm',
    change: (g) => (g.node('square').op = 'Abs'),
  },
  {
    name: 'zero subtracted from another tensor',
    of: 'rmsNorm, Flax: the mean of a sum that drops its dimension, zero subtracted from x',
    change: (g) => swap(g, 'same', 'x', g.input('z')),
  },
  {
    name: 'a product of two tensors in place of the square',
    of: 'rmsNorm, the scale on the product, the square a product too',
    change: (g) => g.node('square').input?.splice(1, 1, g.input('z')),
  },
  {
    name: 'what is subtracted from x not 0',
    of: 'rmsNorm, Flax: the mean of a sum that drops its dimension, zero subtracted from x',
    change: (g) => swap(g, 'zeros', 'none', g.floats('half', 0.5)),
  },
  {
    name: 'x subtracted from 0',
    of: 'rmsNorm, Flax: the mean of a sum that drops its dimension, zero subtracted from x',
    change: (g) => g.node('same').input?.reverse(),
  },
  {
    name: 'a sum that is not divided by n',
    of: 'rmsNorm, Flax: the mean of a sum that drops its dimension, zero subtracted from x',
    change: (g) => swap(g, 'squares-mean', 'oneByN', g.floats('half', 0.5)),
  },
  {
    name: 'the root of the reciprocal twice',
    of: 'rmsNorm, Gemma: the reciprocal of the root',
    change: (g) => (g.node('root').op = 'Rsqrt'),
  },
  {
    name: 'the square of the mean missing',
    of: 'onePass',
    change: (g) => swap(g, 'difference', 'squareOfMean', 'mean'),
  },
  {
    name: 'the square of another mean',
    of: 'onePass',
    change: (g) => g.node('squareOfMean').input?.splice(0, 1, g.input('z')),
  },
  {
    name: 'the mean of x in place of that of its square',
    of: 'onePass',
    change: (g) => swap(g, 'meanOfSquares', 'square', 'x'),
  },
  {
    name: 'the sum of x and the mean',
    of: 'onePass',
    change: (g) => (g.node('difference').op = 'AddV2'),
  },
  {
    name: 'means divided by different numbers',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => swap(g, 'meanOfSquares-product', 'oneByN', g.floats('half', 0.5)),
  },
  {
    name: 'mean minus x',
    of: 'keras2, axes counted from the end, no gamma and beta',
    change: (g) => g.node('out').input?.reverse(),
  },
  {name: 'mean plus x', of: 'keras2', change: (g) => (g.node('offset').op = 'AddV2')},
  {name: 'mean minus beta', of: 'keras2', change: (g) => g.node('offset').input?.reverse()},
  {name: 'beta minus x', of: 'keras2', change: (g) => (g.node('out').op = 'Sub')},
  {
    name: 'another mean in the offset',
    of: 'keras2',
    change: (g) => swap(g, 'scaledMean', 'mean', g.input('z')),
  },
  {
    name: 'a scale on the mean alone',
    of: 'keras2',
    change: (g) => swap(g, 'scaledX', 'scale', 'rstd'),
  },
  {name: 'a mean that is not negated', of: 'keras3', change: (g) => (g.node('negated').op = 'Abs')},
  {name: 'a difference at the end', of: 'keras3', change: (g) => (g.node('out').op = 'Sub')},
  {
    name: 'a difference of the products',
    of: 'keras3, a middle axis, Identity on the way, the products added first',
    change: (g) => (g.node('out').op = 'Sub'),
  },
  {name: 'a difference in the offset', of: 'keras3', change: (g) => (g.node('offset').op = 'Sub')},
  {
    name: 'the square of another tensor',
    of: 'rmsNorm',
    change: (g) => g.node('square').input?.splice(0, 1, g.input('z')),
  },
  {
    name: 'a mean that drops its dimension',
    of: 'rmsNorm',
    change: (g) => (attr(g, 'meanSquare').keep_dims = {b: false}),
  },
  {
    name: 'a sum instead of the mean',
    of: 'rmsNorm',
    change: (g) => (g.node('meanSquare').op = 'Sum'),
  },
  {
    name: 'another tensor in the product',
    of: 'rmsNorm',
    change: (g) => swap(g, 'out', 'x', g.input('z')),
  },
  {
    name: 'means over different axes',
    of: 'onePass',
    change: (g) => g.node('mean').input?.splice(1, 1, g.integers('more', [1])),
  },
  {
    name: 'the mean of another tensor',
    of: 'onePass',
    change: (g) => swap(g, 'mean', 'x', g.input('z')),
  },
  {
    name: 'another quotient of the same sum subtracted',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => {
      g.op('Mul', 'fifth', ['mean-sum', g.floats('oneByFive', 0.2)]);
      g.op('Reshape', 'less', ['fifth', 'column']);
      swap(g, 'centred', 'mean', 'less');
    },
  },
  {
    name: 'one of two dimensions brought back',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => {
      g.integers('two', [1, 2]);
      for (const name of ['mean-sum', 'meanOfSquares-sum']) swap(g, name, 'axes', 'two');
    },
  },
  {
    name: 'a dimension from the end brought back elsewhere',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => {
      g.integers('end', [-1]);
      for (const name of ['mean-sum', 'meanOfSquares-sum']) swap(g, name, 'axes', 'end');
      swap(g, 'mean', 'column', g.integers('row', [2, 1, 3]));
    },
  },
  {
    name: 'a shape that is not known',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => swap(g, 'mean', 'column', g.input('given')),
  },
  {
    name: 'a lower bound that is not 0',
    of: 'onePass',
    change: (g) => swap(g, 'variance', 'zero', g.floats('bound', 1)),
  },
  {
    name: 'the difference the other way',
    of: 'onePass',
    change: (g) => g.node('difference').input?.reverse(),
  },
  {name: 'the mean minus x', of: 'onePass', change: (g) => g.node('centred').input?.reverse()},
  {
    name: 'another tensor centred',
    of: 'onePass',
    change: (g) => swap(g, 'centred', 'x', g.input('z')),
  },
  {name: 'sums in place of means', of: 'onePass', change: (g) => (g.node('mean').op = 'Sum')},
  {
    name: 'a factor that is not 1/n',
    of: 'onePass, sums times 1/n, dimensions dropped and brought back',
    change: (g) => swap(g, 'mean-product', 'oneByN', g.floats('half', 0.5)),
  },
  {
    name: 'a further output of the root',
    of: 'rmsNorm',
    change: (g) => swap(g, 'scale', 'rstd', 'rstd:1'),
  },
  {
    name: 'the squares for gamma',
    of: 'rmsNorm',
    change: (g) => swap(g, 'scale', 'gamma', 'square'),
  },
  {name: 'the mean for gamma', of: 'centred', change: (g) => swap(g, 'scale', 'gamma', 'mean')},
  {
    name: 'an inner value for the residual',
    of: 'keras3, a residual among the products',
    change: (g) => swap(g, 'added', 'residual', 'difference'),
  },
  {
    name: 'a dimension brought back elsewhere',
    of: 'onePass, sums times 1/n, dimensions dropped and brought back',
    change: (g) => swap(g, 'mean', 'column', g.integers('row', [2, 1, 3])),
  },
];

/** Divides sums by 4, which need not be the number of what is added up. */
function divideSums(graph: GraphBuilder): void {
  graph.floats('n', 4);
  for (const name of ['mean', 'variance']) {
    const node = graph.node(name);
    graph.op('Sum', `${name}-sum`, node.input ?? [], {keep_dims: {b: true}});
    Object.assign(node, {op: 'RealDiv', input: [`${name}-sum`, 'n']});
  }
}

function attr(graph: GraphBuilder, name: string): NonNullable<GraphDef['node'][0]['attr']> {
  const node = graph.node(name);
  node.attr ??= {};
  return node.attr;
}

function swap(graph: GraphBuilder, name: string, from: string, to: string): void {
  const input = graph.node(name).input ?? [];
  expect(input).toContain(from);
  input.splice(input.indexOf(from), 1, to);
}

function exampleOf(of: string): PatternGraph {
  const found = patternGraphs.find(
    ({pattern, name}) => pattern === of || `${pattern}, ${name}` === of,
  );
  if (!found) throw new Error(`There is no example of ${of}.`);
  return found;
}

test.each(nearMisses)('no match: $of with $name', ({of, change}) => {
  const graph = builtGraph(exampleOf(of));
  change(graph);
  const before = structuredClone(graph.nodes);
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 0, patterns: {}});
  expect(nodes).toEqual(before);
});

/** What only looks like the mean is subtracted, and the rest is RMS normalisation of the difference. */
const withoutMean: NearMiss[] = [
  {
    name: 'a dimension put back elsewhere',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => swap(g, 'mean', 'last', g.integers('middle', 1)),
  },
  {
    name: 'n − 1 for the variance',
    of: 'centred, sums divided by the number of elements, in two passes',
    change: (g) => swap(g, 'variance', 'n', g.floats('less', 3)),
  },
  {
    name: 'two dimensions dropped and one put back',
    of: 'centred, one over the root, the variance bounded below, a mean that drops its dimension',
    change: (g) => {
      g.integers('two', [2, 1]);
      for (const name of ['mean-dropped', 'variance']) swap(g, name, 'axes', 'two');
    },
  },
  {
    name: 'n divided by the sums',
    of: 'centred, sums divided by the number of elements, in two passes',
    change: (g) => g.node('mean').input?.reverse(),
  },
];

test.each(withoutMean)('RMS normalisation alone: $of with $name', ({of, change}) => {
  const graph = builtGraph(exampleOf(of));
  change(graph);
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 1, patterns: {rmsNorm: 1}});
  expect(nodes.find(({name}) => name === 'out')?.input?.[0]).toBe('centred');
});

test('a sum says how many terms it has left', () => {
  const example = exampleOf('keras3, a residual among the products');
  const {nodes} = fused(builtGraph(example));
  const added = nodes.find(({name}) => name === 'added');
  expect(added?.input).toEqual(['scaledX', 'residual']);
  expect(added?.attr).toEqual({T: {type: 'DT_FLOAT'}, N: {i: '2'}});
});

test('attributes that are left out have TensorFlow’s defaults', () => {
  const graph = builtGraph(exampleOf('fusedBatchNorm'));
  delete attr(graph, 'norm').is_training;
  delete attr(graph, 'norm').epsilon;
  const {nodes, report} = fused(graph);
  expect(report.fused).toBe(1);
  expect(nodes.find(({name}) => name === 'out')?.attr?.epsilon).toEqual({f: 1e-4});
});

test('what uses the batch normalisation may use the second output of another op', () => {
  const graph = builtGraph(exampleOf('fusedBatchNorm'));
  graph.op('TopKV2', 'top', ['x', graph.integers('k', 1)]);
  graph.node('back').input?.splice(1, 1, 'top:1');
  const {report} = fused(graph);
  expect(report).toEqual({fused: 1, patterns: {fusedBatchNorm: 1}});
});

test.each(['every', 'every second'])('first outputs may be named by their number: %s', (which) => {
  for (const example of patternGraphs) {
    const graph = builtGraph(example);
    let inputs = 0;
    const named = (from: string) => (which === 'every' || inputs++ % 2 === 0 ? `${from}:0` : from);
    for (const node of graph.nodes) node.input = node.input?.map(named);
    expect(fused(graph).report).toEqual({fused: 1, patterns: {[example.pattern]: 1}});
  }
});

/** Other spellings of what the examples compute. */
const variants: (NearMiss & {attrs?: NodeDef['attr']})[] = [
  ...['FusedBatchNorm', 'FusedBatchNormV2'].map((op) => ({
    name: op,
    of: 'fusedBatchNorm',
    change: (g: GraphBuilder) => (g.node('norm').op = op),
    attrs: {begin_axis: {i: '2'}},
  })),
  {
    name: 'a constant shape for the rows',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'toRows', 'rowsShape', g.integers('rowsOf4', [1, 6, 4, 1])),
    attrs: {cols: {i: '4'}},
  },
  {
    name: 'scales and offsets of 64 rows',
    of: 'fusedBatchNorm',
    change: (g) => {
      swap(g, 'norm', 'ones', g.floats('scales', Array(64).fill(1)));
      swap(g, 'norm', 'zeros', g.floats('offsets', Array(64).fill(0)));
    },
    attrs: {begin_axis: {i: '2'}},
  },
  ...['centred', 'keras2', 'keras3', 'onePass', 'rmsNorm', 'rmsScaling'].map(
    (of): NearMiss & {attrs: NodeDef['attr']} => ({
      name: 'an epsilon of 0',
      of,
      change: (g) => swap(g, 'sum', 'epsilon', g.floats('none', 0)),
      attrs: {epsilon: {f: 0}},
    }),
  ),
  {
    name: 'a bound of epsilon',
    of: 'centred, a power of −½ of what is not negative, x plus the negated mean',
    change: (g) => swap(g, 'bounded', 'zero', 'epsilon'),
  },
  {
    name: 'PreventGradient',
    of: 'keras3, a middle axis, Identity on the way, the products added first',
    change: (g) => (g.node('same').op = 'PreventGradient'),
  },
  {
    name: 'the dropped axis counted from the end',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => sumsOver(g, g.integers('end', [-1])),
    attrs: {axes: {list: {i: ['-1']}}, count: {i: '4'}, one_pass: {b: true}},
  },
  {
    name: 'the first axis dropped',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => {
      sumsOver(g, g.integers('first', [0]));
      const row = g.integers('row', [1, 3, 4]);
      const half = g.floats('half', 0.5);
      for (const name of ['mean', 'meanOfSquares']) {
        swap(g, name, 'column', row);
        swap(g, `${name}-product`, 'oneByN', half);
      }
    },
    attrs: {axes: {list: {i: ['0']}}, count: {i: '2'}, one_pass: {b: true}},
  },
  {
    name: 'the shape with the dimension packed',
    of: 'onePass, no scale: that a sum is divided by the length of a row shows when it runs',
    change: (g) => {
      g.op('Pack', 'packed', [g.input('rows'), g.integers('three', 3), g.integers('one', 1)]);
      for (const name of ['mean', 'meanOfSquares']) swap(g, name, 'column', 'packed');
    },
  },
  {
    name: 'the number of elements broadcast',
    of: 'centred, sums divided by the number of elements, in two passes',
    change: (g) => {
      g.op('BroadcastTo', 'ns', ['n', g.integers('columnShape', [2, 3, 1])]);
      for (const name of ['mean', 'variance']) swap(g, name, 'n', 'ns');
    },
    attrs: {count: {i: '4'}, one_pass: {b: false}},
  },
  {
    name: 'weights filled with 1',
    of: 'keras2, group normalisation of Keras 2: means weighed by ones',
    change: (g) => {
      Object.assign(g.node('ones'), {op: 'Fill', input: ['weightsShape', g.floats('one', 1)]});
    },
  },
];

function sumsOver(graph: GraphBuilder, axes: string): void {
  for (const name of ['mean-sum', 'meanOfSquares-sum']) swap(graph, name, 'axes', axes);
}

test.each(variants)('$of with $name', ({of, change, attrs = {}}) => {
  const example = exampleOf(of);
  const graph = builtGraph(example);
  change(graph);
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 1, patterns: {[example.pattern]: 1}});
  expect(nodes.find(({name}) => name === 'out')?.attr).toMatchObject(attrs);
});

test('one over the root is no scale of the root', () => {
  const of =
    'centred, one over the root, the variance bounded below, a mean that drops its dimension';
  const graph = builtGraph(exampleOf(of));
  swap(graph, 'out', 'scale', 'rstd');
  graph.nodes.splice(graph.nodes.indexOf(graph.node('scale')), 1);
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 1, patterns: {centred: 1}});
  expect(nodes.find(({name}) => name === 'out')?.input).toEqual(['x']);
});

describe('what is left out with a normalisation', () => {
  test('not what is asked for', () => {
    const {nodes} = fused(builtGraph(exampleOf('fusedBatchNorm')), ['out', 'rows', 'sliceOne']);
    const names = nodes.map(({name}) => name);
    expect(names).toEqual(expect.arrayContaining(['out', 'rows', 'front', 'shape', 'sliceOne']));
    expect(names).not.toContain('tail');
  });

  test.each(['Placeholder', 'PlaceholderWithDefault'])('not what is fed: %s', (op) => {
    const graph = builtGraph(exampleOf('fusedBatchNorm'));
    graph.input('fed');
    graph.node('fed').op = op;
    if (op === 'PlaceholderWithDefault') graph.node('fed').input = [graph.integers('default', 6)];
    swap(graph, 'rowsShape', 'rows', 'fed');
    const {nodes, report} = fused(graph);
    expect(report.fused).toBe(1);
    expect(nodes.map(({name}) => name)).toContain('fed');
  });

  test('not what others take as well, though the pattern takes it more than once', () => {
    const graph = builtGraph(
      exampleOf('keras2, group normalisation of Keras 2: means weighed by ones'),
    );
    graph.op('Neg', 'other', ['ones']);
    const {nodes, report} = fused(graph, ['out', 'other']);
    expect(report.fused).toBe(1);
    const names = nodes.map(({name}) => name).sort();
    expect(names).toEqual(['beta', 'gamma', 'ones', 'other', 'out', 'x']);
  });
});

test('a sum loses a term for each of two normalisations', () => {
  const graph = builtGraph(exampleOf('keras3, a residual among the products'));
  const second = (name: string) =>
    ['Const', 'Placeholder'].includes(graph.node(name).op) ? name : `${name}-2`;
  for (const {name, op, input = [], attr} of structuredClone(graph.nodes)) {
    if (input.length === 0 || ['added', 'out'].includes(name)) continue;
    graph.op(op, second(name), input.map(second), attr);
  }
  graph.node('added').input?.push('scaledX-2', 'scaledMean-2');
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 2, patterns: {keras3: 2}});
  const added = nodes.find(({name}) => name === 'added');
  expect(added?.input).toEqual(['scaledX', 'residual', 'scaledX-2']);
  expect(added?.attr?.N).toEqual({i: '3'});
  expect(nodes.find(({name}) => name === 'scaledX-2')?.op).toBe('TfjsLayerNorm');
});

/** x divided by the root of the mean of its squares over the columns, and by that over the rows. */
test.each([
  ['rows', 'cols'],
  ['cols', 'rows'],
])('of two normalisations in one another one is taken: %s before %s', (...order) => {
  const graph = new GraphBuilder();
  graph.input('x');
  for (const [i, name] of order.entries()) {
    graph.op('Square', `${name}-square`, ['x']);
    graph.op('Mean', `${name}-mean`, [`${name}-square`, graph.integers(`${name}-axis`, [i + 1])], {
      keep_dims: {b: true},
    });
    graph.op('AddV2', `${name}-sum`, [`${name}-mean`, graph.floats(`${name}-epsilon`, 1e-3)]);
    graph.op('Rsqrt', `${name}-rstd`, [`${name}-sum`]);
  }
  graph.op('Mul', 'product', ['x', 'rows-rstd']);
  graph.op('Mul', 'out', ['product', 'cols-rstd']);
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 1, patterns: {rmsNorm: 1}});
  const names = new Set(nodes.map(({name}) => name));
  expect(nodes.flatMap(({input = []}) => input).filter((name) => !names.has(name))).toEqual([]);
});

test('scale and offset of the batch normalisation may be constants of every row', () => {
  const graph = builtGraph(exampleOf('fusedBatchNorm'));
  swap(graph, 'norm', 'ones', graph.floats('scales', [1, 1, 1]));
  swap(graph, 'norm', 'zeros', graph.floats('offsets', [0, 0, 0]));
  const {nodes, report} = fused(graph);
  expect(report.fused).toBe(1);
  expect(nodes.find(({name}) => name === 'out')?.input).toEqual(['x', 'gamma', 'beta']);
});

describe('sums that are multiplied with a number', () => {
  const of = 'onePass, sums times 1/n, dimensions dropped and brought back';
  const withFactor = (factor: number, cols: number) => {
    const example = exampleOf(of);
    const graph = builtGraph(example);
    const more = graph.floats('factor', factor);
    for (const name of ['meanOfSquares-product', 'mean-product']) {
      swap(graph, name, 'oneByN', more);
    }
    swap(graph, 'scale', 'gamma', graph.floats('wide', Array(cols).fill(1)));
    return fused(graph).report.fused;
  };

  test('are means where it is 1/n, rounded as float32 rounds it', () => {
    for (const cols of [3, 7, 768, 10_007]) {
      expect([cols, withFactor(Math.fround(1 / cols), cols)]).toEqual([cols, 1]);
    }
  });

  test('are none where it only is near 1/n, or is that of another n than gamma has', () => {
    expect(withFactor(0.2501, 4)).toBe(0);
    expect(withFactor(1 / 768.5, 768)).toBe(0);
    expect(withFactor(0.25, 5)).toBe(0);
    expect(withFactor(2, 4)).toBe(0);
    expect(withFactor(-0.25, 4)).toBe(0);
  });
});

/** Rows that are not known to be x's last dimensions: what lies between the reshapes is known. */
const partly: NearMiss[] = [
  {
    name: 'the shape of another tensor',
    of: 'fusedBatchNorm',
    change: (g) => g.node('shape').input?.splice(0, 1, g.input('z')),
  },
  {
    name: 'columns from a slice that ends early',
    of: 'fusedBatchNorm',
    change: (g) => (attr(g, 'tail').end_mask = {i: '0'}),
  },
  ...['begin_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map(
    (mask): NearMiss => ({
      name: `columns from a slice with a ${mask}`,
      of: 'fusedBatchNorm',
      change: (g) => (attr(g, 'tail')[mask] = {i: '1'}),
    }),
  ),
  {
    name: 'columns from every second dimension',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'tail', 'sliceOne', g.integers('two', [2])),
  },
  {
    name: 'a result that is not brought back into its shape',
    of: 'fusedBatchNorm',
    change: (g) => (g.node('back').op = 'BroadcastTo'),
  },
  ...[-1, 0].map(
    (cols): NearMiss => ({
      name: `${cols} columns`,
      of: 'fusedBatchNorm',
      change: (g) => swap(g, 'rowsShape', 'cols', g.integers('number', cols)),
    }),
  ),
  {
    name: 'the longest dimension for columns',
    of: 'fusedBatchNorm',
    change: (g) => (g.node('cols').op = 'Max'),
  },
  {
    name: 'the columns of a slice of another kind',
    of: 'fusedBatchNorm',
    change: (g) => (g.node('tail').op = 'Slice'),
  },
  {
    name: 'a slice that begins at a dimension that is not constant',
    of: 'fusedBatchNorm',
    change: (g) => swap(g, 'tail', 'sliceAt', g.input('given')),
  },
  {
    name: 'the result in the shape of another tensor',
    of: 'fusedBatchNorm',
    change: (g) => {
      g.op('Shape', 'shape-of-z', [g.input('z')]);
      swap(g, 'back', 'shape', 'shape-of-z');
    },
  },
  {
    name: 'the result in the size of x',
    of: 'fusedBatchNorm',
    change: (g) => {
      g.op('Rank', 'rank', ['x']);
      swap(g, 'back', 'shape', 'rank');
    },
  },
];

test.each(partly)('only the batch normalisation itself: $of with $name', ({of, change}) => {
  const graph = builtGraph(exampleOf(of));
  change(graph);
  const {nodes, report} = fused(graph);
  expect(report).toEqual({fused: 1, patterns: {fusedBatchNorm: 1}});
  const node = nodes.find(({name}) => name === 'norm');
  expect(node?.op).toBe('TfjsLayerNorm');
  expect(node?.input).toEqual(['toRows']);
  expect(node?.attr?.axes).toEqual({list: {i: ['0', '2', '3']}});
  const names = nodes.map(({name}) => name);
  expect(names).toEqual(expect.arrayContaining(['toRows', 'back', 'scaled', 'out']));
});
