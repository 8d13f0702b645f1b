/**
 * One small graph a pattern and variant, with what it computes: the input is `x`, the output `out`.
 * For x of the shape [2, 3, 4].
 */
import type {PatternName} from '../../src/graph/index.js';
import {Random} from '../../tools/random.js';
import {GraphBuilder} from './graph_builder.js';

export const shape = [2, 3, 4];

export interface PatternGraph {
  name: string;
  pattern: PatternName;
  build(graph: GraphBuilder): void;
  axes: number[];
  epsilon: number;
  gamma?: Float32Array;
  beta?: Float32Array;
  /** Nodes of the graph that stay, beside x, the constants of gamma and beta, and the op. */
  stays?: string[];
  /** What the op takes, where it is not the input. */
  takes?: string;
  /** The node that becomes the op, where it is not the output. */
  root?: string;
}

const random = new Random(61);
const gamma = random.normal(4, 1, 0.3);
const beta = random.normal(4);
const keepDims = {keep_dims: {b: true}};

/** mean, and rstd of the variance in two passes. */
function moments(
  graph: GraphBuilder,
  axes: number[],
  epsilon: number,
  root: 'rsqrt' | 'raw' = 'rsqrt',
): void {
  graph.input('x');
  graph.integers('axes', axes);
  graph.op('Mean', 'mean', ['x', 'axes'], keepDims);
  graph.op('SquaredDifference', 'difference', ['x', 'mean']);
  graph.op('Mean', 'variance', ['difference', 'axes'], keepDims);
  graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', epsilon)]);
  if (root === 'rsqrt') graph.op('Rsqrt', 'rstd', ['sum']);
}

/** x − mean, and what stands under the root of the mean of its squares. */
function centredSquares(graph: GraphBuilder, epsilon: number): void {
  graph.input('x');
  graph.integers('axes', [2]);
  graph.op('Mean', 'mean', ['x', 'axes'], keepDims);
  graph.op('Sub', 'centred', ['x', 'mean']);
  graph.op('Square', 'square', ['centred']);
  graph.op('Mean', 'variance', ['square', 'axes'], keepDims);
  graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', epsilon)]);
}

function scaled(graph: GraphBuilder): void {
  graph.op('Mul', 'scale', ['rstd', graph.floats('gamma', gamma)]);
}

/** From x to the two products and the offset; `mean` names what is scaled beside x. */
function products(graph: GraphBuilder, scale: string, mean: string): void {
  graph.op('Mul', 'scaledX', ['x', scale]);
  graph.op('Mul', 'scaledMean', [mean, scale]);
}

function batchNorm(graph: GraphBuilder, colsRef: string, back: string): void {
  const one = graph.integers('one', 1);
  graph.op('Pack', 'rowsShape', [one, 'rows', colsRef, one]);
  graph.op('Reshape', 'toRows', ['x', 'rowsShape']);
  const rows = graph.op('Pack', 'rowsList', ['rows']);
  graph.op('Fill', 'ones', [rows, graph.floats('oneFloat', 1)]);
  graph.op('Fill', 'zeros', [rows, graph.floats('zero', 0)]);
  const empty = graph.floats('empty', []);
  graph.op('FusedBatchNormV3', 'norm', ['toRows', 'ones', 'zeros', empty, empty], {
    is_training: {b: true},
    data_format: {s: 'TkNIVw=='},
    epsilon: {f: 0.001},
  });
  graph.op('Reshape', 'back', ['norm', back]);
}

/** The shape of x, and the product of its dimensions before `begin`. */
function rowsBefore(graph: GraphBuilder, begin: number): void {
  graph.input('x');
  graph.op('Shape', 'shape', ['x'], {out_type: {type: 'DT_INT32'}});
  graph.integers('sliceZero', [0]);
  graph.integers('sliceAt', [begin]);
  graph.integers('sliceOne', [1]);
  graph.integers('prodAxis', [0]);
  const front = ['shape', 'sliceZero', 'sliceAt', 'sliceOne'];
  graph.op('StridedSlice', 'front', front, {begin_mask: {i: '1'}});
  graph.op('Prod', 'rows', ['front', 'prodAxis']);
}

/** The product of the dimensions from `begin` on. */
function cols(graph: GraphBuilder): string {
  const tail = ['shape', 'sliceAt', 'sliceZero', 'sliceOne'];
  graph.op('StridedSlice', 'tail', tail, {end_mask: {i: '1'}});
  return graph.op('Prod', 'cols', ['tail', 'prodAxis']);
}

function onePass(graph: GraphBuilder, average: (name: string, of: string) => string): void {
  graph.input('x');
  graph.op('Square', 'square', ['x']);
  const meanOfSquares = average('meanOfSquares', 'square');
  const mean = average('mean', 'x');
  graph.op('Square', 'squareOfMean', [mean]);
  graph.op('Sub', 'difference', [meanOfSquares, 'squareOfMean']);
  graph.op('Maximum', 'variance', ['difference', graph.floats('zero', 0)]);
  graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', 1e-3)]);
  graph.op('Rsqrt', 'rstd', ['sum']);
  graph.op('Sub', 'centred', ['x', mean]);
}

/** Over the last of three axes, which is named by `axis`. */
function batchNormOfLast(graph: GraphBuilder, axis: number): void {
  rowsBefore(graph, axis);
  batchNorm(graph, cols(graph), 'shape');
  graph.op('Mul', 'scaled', ['back', graph.floats('gamma', gamma)]);
  graph.op('AddV2', 'out', ['scaled', graph.floats('beta', beta)]);
}

export const patternGraphs: PatternGraph[] = [
  {
    name: 'the last axis',
    pattern: 'fusedBatchNorm',
    build: (graph) => batchNormOfLast(graph, 2),
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'the last axis, counted from the end',
    pattern: 'fusedBatchNorm',
    build: (graph) => batchNormOfLast(graph, -1),
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'two axes, no gamma and beta, the output shape constant',
    pattern: 'fusedBatchNorm',
    build(graph) {
      rowsBefore(graph, 1);
      batchNorm(graph, graph.integers('constantCols', 12), graph.integers('to', [-1, 3, 4]));
      graph.op('Identity', 'out', ['back']);
    },
    axes: [1, 2],
    epsilon: 1e-3,
    root: 'back',
    stays: ['out'],
  },
  {
    name: 'an output that is scaled in two ways: neither is taken in',
    pattern: 'fusedBatchNorm',
    build(graph) {
      rowsBefore(graph, 2);
      batchNorm(graph, cols(graph), 'shape');
      graph.op('Mul', 'one-way', ['back', graph.floats('half', 0.5)]);
      graph.op('Mul', 'other-way', ['back', 'half']);
      graph.op('AddV2', 'out', ['one-way', 'other-way']);
    },
    axes: [2],
    epsilon: 1e-3,
    root: 'back',
    stays: ['half', 'one-way', 'other-way', 'out'],
  },
  {
    name: 'dimensions multiplied one by one: only the node between the reshapes is replaced',
    pattern: 'fusedBatchNorm',
    build(graph) {
      graph.input('x');
      graph.op('Shape', 'shape', ['x'], {out_type: {type: 'DT_INT32'}});
      const step = graph.integers('step', [1]);
      const dim = (axis: number) =>
        graph.op(
          'StridedSlice',
          `dim${axis}`,
          [
            'shape',
            graph.integers(`from${axis}`, [axis]),
            graph.integers(`to${axis}`, [axis + 1]),
            step,
          ],
          {shrink_axis_mask: {i: '1'}},
        );
      graph.op('Mul', 'rows', [dim(0), dim(1)]);
      batchNorm(graph, dim(2), 'shape');
      graph.op('Mul', 'scaled', ['back', graph.floats('gamma', gamma)]);
      graph.op('AddV2', 'out', ['scaled', graph.floats('beta', beta)]);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
    takes: 'toRows',
    root: 'norm',
    stays: [
      ...['toRows', 'back', 'scaled', 'out', 'shape', 'rows', 'rowsShape', 'one', 'step'],
      ...[0, 1, 2].flatMap((axis) => [`dim${axis}`, `from${axis}`, `to${axis}`]),
    ],
  },
  {
    name: 'gamma and beta',
    pattern: 'keras2',
    build(graph) {
      moments(graph, [2], 1e-3);
      scaled(graph);
      products(graph, 'scale', 'mean');
      graph.op('Sub', 'offset', [graph.floats('beta', beta), 'scaledMean']);
      graph.op('AddV2', 'out', ['scaledX', 'offset']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'axes counted from the end, no gamma and beta',
    pattern: 'keras2',
    build(graph) {
      moments(graph, [-1, -2], 0.1);
      products(graph, 'rstd', 'mean');
      graph.op('Sub', 'out', ['scaledX', 'scaledMean']);
    },
    axes: [1, 2],
    epsilon: 0.1,
  },
  {
    name: 'the scaled mean negated, beta after the sum',
    pattern: 'keras2',
    build(graph) {
      moments(graph, [2], 1e-3);
      products(graph, 'rstd', 'mean');
      graph.op('Neg', 'negated', ['scaledMean']);
      graph.op('AddV2', 'added', ['negated', 'scaledX']);
      graph.op('BiasAdd', 'out', ['added', graph.floats('beta', beta)]);
    },
    axes: [2],
    epsilon: 1e-3,
    beta,
  },
  {
    name: 'group normalisation of Keras 2: means weighed by ones',
    pattern: 'keras2',
    build(graph) {
      graph.input('x');
      graph.integers('axes', [2]);
      graph.op('OnesLike', 'ones', ['x']);
      graph.op('Reshape', 'weights', ['ones', graph.integers('weightsShape', [2, 3, 4])]);
      graph.op('ZerosLike', 'zeros', ['x']);
      graph.op('AddV2', 'allWeights', ['weights', 'zeros']);
      graph.op('Sum', 'total', ['allWeights', 'axes'], keepDims);
      graph.op('Mul', 'weighed', ['weights', 'x']);
      graph.op('Sum', 'sumX', ['weighed', 'axes'], keepDims);
      graph.op('DivNoNan', 'mean', ['sumX', 'total']);
      graph.op('SquaredDifference', 'difference', ['x', 'mean']);
      graph.op('Mul', 'weighedSquares', ['weights', 'difference']);
      graph.op('Sum', 'sumSquares', ['weighedSquares', 'axes'], keepDims);
      graph.op('DivNoNan', 'variance', ['sumSquares', 'total']);
      graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', 1e-3)]);
      graph.op('Rsqrt', 'rstd', ['sum']);
      scaled(graph);
      products(graph, 'scale', 'mean');
      graph.op('Sub', 'offset', [graph.floats('beta', beta), 'scaledMean']);
      graph.op('AddV2', 'out', ['scaledX', 'offset']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'gamma and beta',
    pattern: 'keras3',
    build(graph) {
      moments(graph, [2], 1e-3);
      scaled(graph);
      graph.op('Neg', 'negated', ['mean']);
      products(graph, 'scale', 'negated');
      graph.op('AddV2', 'offset', ['scaledMean', graph.floats('beta', beta)]);
      graph.op('AddV2', 'out', ['scaledX', 'offset']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'a middle axis, Identity on the way, the products added first',
    pattern: 'keras3',
    build(graph) {
      moments(graph, [1], 1e-3);
      graph.op('Identity', 'same', ['mean']);
      graph.op('Neg', 'negated', ['same']);
      products(graph, 'rstd', 'negated');
      graph.op('AddN', 'out', ['scaledMean', 'scaledX'], {N: {i: '2'}});
    },
    axes: [1],
    epsilon: 1e-3,
  },
  {
    name: 'a residual among the products',
    pattern: 'keras3',
    build(graph) {
      moments(graph, [2], 1e-3);
      scaled(graph);
      graph.op('Neg', 'negated', ['mean']);
      products(graph, 'scale', 'negated');
      graph.input('residual');
      graph.op('AddN', 'added', ['scaledX', 'residual', 'scaledMean'], {N: {i: '3'}});
      graph.op('AddV2', 'out', ['added', graph.floats('beta', beta)]);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
    root: 'scaledX',
    stays: ['added', 'out', 'residual'],
  },
  {
    name: 'means, gamma and beta',
    pattern: 'onePass',
    build(graph) {
      graph.integers('axes', [-1]);
      onePass(graph, (name, of) => graph.op('Mean', name, [of, 'axes'], keepDims));
      scaled(graph);
      graph.op('Mul', 'product', ['centred', 'scale']);
      graph.op('AddV2', 'out', ['product', graph.floats('beta', beta)]);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'sums times 1/n, dimensions dropped and brought back',
    pattern: 'onePass',
    build(graph) {
      graph.integers('axes', [2]);
      graph.floats('oneByN', 0.25);
      graph.integers('column', [2, 3, 1]);
      onePass(graph, (name, of) => {
        graph.op('Sum', `${name}-sum`, [of, 'axes'], {keep_dims: {b: false}});
        graph.op('Mul', `${name}-product`, [`${name}-sum`, 'oneByN']);
        return graph.op('Reshape', name, [`${name}-product`, 'column']);
      });
      scaled(graph);
      graph.op('Mul', 'out', ['scale', 'centred']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
  },
  {
    name: 'gamma on rstd, beta',
    pattern: 'centred',
    build(graph) {
      moments(graph, [2], 1e-3);
      graph.op('Sub', 'centred', ['x', 'mean']);
      scaled(graph);
      graph.op('Mul', 'product', ['scale', 'centred']);
      graph.op('AddV2', 'out', ['product', graph.floats('beta', beta)]);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
    beta,
  },
  {
    name: 'the mean before x in the squared difference',
    pattern: 'centred',
    build(graph) {
      moments(graph, [2], 1e-3);
      graph.node('difference').input?.reverse();
      graph.op('Sub', 'centred', ['x', 'mean']);
      graph.op('Mul', 'out', ['centred', 'rstd']);
    },
    axes: [2],
    epsilon: 1e-3,
  },
  {
    name: 'the variance of the centred tensor, gamma after the product',
    pattern: 'centred',
    build(graph) {
      centredSquares(graph, 1e-3);
      graph.op('Rsqrt', 'rstd', ['sum']);
      graph.op('Mul', 'product', ['centred', 'rstd']);
      graph.op('Mul', 'out', [graph.floats('gamma', gamma), 'product']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
  },
  {
    name: 'gamma on the centred tensor, which is divided by the root',
    pattern: 'centred',
    build(graph) {
      centredSquares(graph, 1e-2);
      graph.op('Sqrt', 'rstd', ['sum']);
      graph.op('Mul', 'scaled', ['centred', graph.floats('gamma', gamma)]);
      graph.op('RealDiv', 'quotient', ['scaled', 'rstd']);
      graph.op('AddV2', 'out', [graph.floats('beta', beta), 'quotient']);
    },
    axes: [2],
    epsilon: 1e-2,
    gamma,
    beta,
  },
  {
    name: 'a power of −½ of what is not negative, x plus the negated mean',
    pattern: 'centred',
    build(graph) {
      moments(graph, [2], 1e-3, 'raw');
      graph.op('Maximum', 'bounded', [graph.floats('zero', 0), 'sum']);
      graph.op('Pow', 'rstd', ['bounded', graph.floats('power', -0.5)]);
      graph.op('Neg', 'negated', ['mean']);
      graph.op('AddV2', 'centred', ['x', 'negated']);
      graph.op('Mul', 'out', ['centred', 'rstd']);
    },
    axes: [2],
    epsilon: 1e-3,
  },
  {
    name: 'one over the root, the variance bounded below, a mean that drops its dimension',
    pattern: 'centred',
    build(graph) {
      graph.input('x');
      graph.integers('axes', [2]);
      graph.op('Mean', 'mean-dropped', ['x', 'axes']);
      graph.op('ExpandDims', 'mean', ['mean-dropped', graph.integers('last', 2)]);
      graph.op('Sub', 'centred', ['x', 'mean']);
      graph.op('Mul', 'square', ['centred', 'centred']);
      graph.op('Mean', 'variance', ['square', 'axes'], keepDims);
      graph.op('Maximum', 'bounded', ['variance', graph.floats('zero', 0)]);
      graph.op('AddV2', 'sum', ['bounded', graph.floats('epsilon', 1e-3)]);
      graph.op('Pow', 'root', ['sum', graph.floats('power', 0.5)]);
      graph.op('RealDiv', 'rstd', [graph.floats('one', 1), 'root']);
      scaled(graph);
      graph.op('Mul', 'out', ['centred', 'scale']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
  },
  {
    name: 'sums divided by the number of elements, in two passes',
    pattern: 'centred',
    build(graph) {
      graph.input('x');
      graph.integers('axes', [2]);
      graph.floats('n', 4);
      graph.op('Sum', 'sum-x', ['x', 'axes'], keepDims);
      graph.op('RealDiv', 'mean', ['sum-x', 'n']);
      graph.op('Sub', 'centred', ['x', 'mean']);
      graph.op('Square', 'square', ['centred']);
      graph.op('Sum', 'sum-squares', ['square', 'axes'], keepDims);
      graph.op('RealDiv', 'variance', ['sum-squares', 'n']);
      graph.op('AddV2', 'sum', ['variance', graph.floats('epsilon', 1e-3)]);
      graph.op('Rsqrt', 'rstd', ['sum']);
      graph.op('Mul', 'out', ['centred', 'rstd']);
    },
    axes: [2],
    epsilon: 1e-3,
  },
  {
    name: 'no scale: that a sum is divided by the length of a row shows when it runs',
    pattern: 'onePass',
    build(graph) {
      graph.integers('axes', [2]);
      graph.floats('oneByN', 0.25);
      graph.integers('column', [2, 3, 1]);
      onePass(graph, (name, of) => {
        graph.op('Sum', `${name}-sum`, [of, 'axes'], {keep_dims: {b: false}});
        graph.op('Mul', `${name}-product`, [`${name}-sum`, 'oneByN']);
        return graph.op('Reshape', name, [`${name}-product`, 'column']);
      });
      graph.op('Mul', 'product', ['centred', 'rstd']);
      graph.op('AddV2', 'out', ['product', graph.floats('beta', beta)]);
    },
    axes: [2],
    epsilon: 1e-3,
    beta,
  },
  {
    name: 'the scale on rstd',
    pattern: 'rmsNorm',
    build(graph) {
      graph.input('x');
      graph.op('Square', 'square', ['x']);
      graph.op('Mean', 'meanSquare', ['square', graph.integers('axes', [2])], keepDims);
      graph.op('AddV2', 'sum', ['meanSquare', graph.floats('epsilon', 1e-6)]);
      graph.op('Rsqrt', 'rstd', ['sum']);
      scaled(graph);
      graph.op('Mul', 'out', ['x', 'scale']);
    },
    axes: [2],
    epsilon: 1e-6,
    gamma,
  },
  {
    name: 'the scale on the product, the square a product too',
    pattern: 'rmsNorm',
    build(graph) {
      graph.input('x');
      graph.op('Mul', 'square', ['x', 'x']);
      graph.op('Mean', 'meanSquare', ['square', graph.integers('axes', [-1])], keepDims);
      graph.op('AddV2', 'sum', [graph.floats('epsilon', 1e-2), 'meanSquare']);
      graph.op('Rsqrt', 'rstd', ['sum']);
      graph.op('Mul', 'product', ['x', 'rstd']);
      graph.op('Mul', 'out', [graph.floats('gamma', gamma), 'product']);
    },
    axes: [2],
    epsilon: 1e-2,
    gamma,
  },
  {
    name: 'Flax: the mean of a sum that drops its dimension, zero subtracted from x',
    pattern: 'rmsNorm',
    build(graph) {
      graph.input('x');
      graph.op('Square', 'square', ['x']);
      graph.op('Sum', 'squares-sum', ['square', graph.integers('axes', [2])]);
      graph.op('Mul', 'squares-mean', ['squares-sum', graph.floats('oneByN', 0.25)]);
      graph.op('Reshape', 'column', ['squares-mean', graph.integers('columnShape', [2, 3, 1])]);
      graph.op('BroadcastTo', 'meanSquare', ['column', 'columnShape']);
      graph.op('AddV2', 'sum', ['meanSquare', graph.floats('epsilon', 1e-6)]);
      graph.op('Rsqrt', 'rstd', ['sum']);
      graph.floats('none', [0], [1, 1]);
      graph.op('BroadcastTo', 'zeros', ['none', graph.integers('rowsShape', [2, 3])]);
      graph.op('Reshape', 'zero', ['zeros', 'columnShape']);
      graph.op('Sub', 'same', ['x', 'zero']);
      scaled(graph);
      graph.op('Mul', 'out', ['same', 'scale']);
    },
    axes: [2],
    epsilon: 1e-6,
    gamma,
  },
  {
    name: 'Gemma: the reciprocal of the root',
    pattern: 'rmsNorm',
    build(graph) {
      graph.input('x');
      graph.op('Square', 'square', ['x']);
      graph.op('Mean', 'meanSquare', ['square', graph.integers('axes', [2])], keepDims);
      graph.op('AddV2', 'sum', ['meanSquare', graph.floats('epsilon', 1e-6)]);
      graph.op('Sqrt', 'root', ['sum']);
      graph.op('Reciprocal', 'rstd', ['root']);
      scaled(graph);
      graph.op('Mul', 'out', ['x', 'scale']);
    },
    axes: [2],
    epsilon: 1e-6,
    gamma,
  },
  {
    name: 'the scale on rstd',
    pattern: 'rmsScaling',
    build(graph) {
      moments(graph, [2], 1e-3);
      scaled(graph);
      graph.op('Mul', 'out', ['x', 'scale']);
    },
    axes: [2],
    epsilon: 1e-3,
    gamma,
  },
  {
    name: 'no scale, two axes',
    pattern: 'rmsScaling',
    build(graph) {
      moments(graph, [1, 2], 1e-3);
      graph.op('Mul', 'out', ['x', 'rstd']);
    },
    axes: [1, 2],
    epsilon: 1e-3,
  },
];

export function builtGraph({build}: PatternGraph): GraphBuilder {
  const graph = new GraphBuilder();
  build(graph);
  return graph;
}
