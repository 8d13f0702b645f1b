import {inputsOf, type NodeDef, nodeName} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';
import {type Extent, LAYER_NORM_OP, type Matcher} from '../match.js';
import {isChannelsFirst, withBeta, withGamma} from './pieces.js';

/**
 * Keras 2 over the last axes with ε ≥ 1.001e-5: each row becomes a channel of a batch normalisation
 * in training, which takes its moments from the data.
 *
 *      x ----------- Shape -----------------.
 *      |               |                     \
 *      |    Pack(1, rows, cols, 1)            |     rows, cols: Prod of a slice of the shape,
 *      |          |                           |     or constants
 *      '- Reshape '                           |
 *            |                                |
 *    FusedBatchNormV3(·, 1…, 0…, [], [])      |     is_training, NCHW
 *            |                                |
 *            '------------------ Reshape -----'     or to a constant shape
 *                                   |
 *                                  Mul γ            if there is one
 *                                   |
 *                                  Add β            if there is one
 *
 * tfjs overlooks both attributes: it divides by the empty moments.
 */
export const matchFusedBatchNorm: Matcher = (node, graph) => {
  const norm = matchNorm(node, graph);
  const back = norm && graph.onlyUser(node);
  if (!norm || back?.op !== 'Reshape') return undefined;
  const {toRows, epsilon} = norm;

  const [x, rowsShape] = graph.inputs(toRows);
  const extent = extentOf(rowsShape, x, graph);
  const shapeRef = graph.inputs(back)[1];
  const shape = graph.constant(shapeRef)?.values;
  if (!extent || !(shape || isShapeOf(graph.maker(shapeRef), x, graph))) return undefined;

  const plain = {root: back, inner: [toRows, node]};
  const affine = withBeta(withGamma(plain, graph), graph);
  return {pattern: 'fusedBatchNorm', op: LAYER_NORM_OP, ...affine, x, extent, epsilon, shape};
};

/**
 * The same, where x's shape is computed in a way that is not known (older versions of Keras multiply
 * its dimensions one by one), or where an inner value is used elsewhere:
 *
 *     Reshape(·, [1, rows, cols, 1])
 *            |
 *    FusedBatchNormV3(·, 1…, 0…, [], [])      is_training, NCHW
 *            |
 *
 * The node alone becomes layer normalisation over all dimensions but the channels; the reshapes, γ
 * and β stay.
 */
export const matchFusedBatchNormAlone: Matcher = (node, graph) => {
  const norm = matchNorm(node, graph);
  if (!norm) return undefined;
  const [one, , , width] = parts(graph.inputs(norm.toRows)[1], graph);
  if (one !== 1 || width !== 1) return undefined;
  return {
    pattern: 'fusedBatchNorm',
    op: LAYER_NORM_OP,
    root: node,
    inner: [],
    x: graph.inputs(node)[0],
    extent: {axes: [0, 2, 3]},
    epsilon: norm.epsilon,
  };
};

const NAMES = new Set(['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3']);

/** In training, channels first, scaled by 1 and moved by 0, of a Reshape; the moments not used. */
function matchNorm(
  node: NodeDef,
  graph: GraphIndex,
): {toRows: NodeDef; epsilon: number} | undefined {
  if (!NAMES.has(node.op)) return undefined;
  const training = node.attr?.is_training ?? {b: true}; // absent: TensorFlow's default
  if (training.b !== true || !isChannelsFirst(node)) return undefined;
  const [, ones, zeros] = graph.inputs(node);
  const toRows = graph.inputNode(node, 0);
  if (toRows?.op !== 'Reshape') return undefined;
  if (!isFilledWith(ones, 1, graph) || !isFilledWith(zeros, 0, graph)) return undefined;
  const ofNode = graph
    .users(node)
    .flatMap(inputsOf)
    .filter((input) => nodeName(input) === node.name);
  if (!ofNode.every((input) => graph.maker(input) === node)) return undefined;
  return {toRows, epsilon: node.attr?.epsilon?.f ?? 1e-4}; // TensorFlow's default
}

function isFilledWith(ref: string | undefined, value: number, graph: GraphIndex): boolean {
  const node = graph.maker(ref);
  if (node?.op === 'Fill') return graph.scalar(graph.inputs(node)[1]) === value;
  const values = graph.constant(ref)?.values;
  return values !== undefined && values.length > 0 && values.every((v) => v === value);
}

/** From the shape [1, rows, cols, 1]. */
function extentOf(ref: string, x: string, graph: GraphIndex): Extent | undefined {
  const [one, , cols, width] = parts(ref, graph);
  if (one !== 1 || width !== 1) return undefined;
  if (cols !== undefined) return cols > 0 ? {cols} : undefined;
  const pack = graph.maker(ref);
  const beginAxis = beginOfSlice(graph.inputNode(pack, 2), x, graph);
  return beginAxis === undefined ? undefined : {beginAxis};
}

/** The dimensions of a shape, as far as they are constant. */
function parts(ref: string | undefined, graph: GraphIndex): (number | undefined)[] {
  const pack = graph.maker(ref);
  return pack?.op === 'Pack'
    ? graph.inputs(pack).map((part) => graph.scalar(part))
    : (graph.constant(ref)?.values ?? []);
}

const OTHER_MASKS = ['begin_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];

/** k of `Prod(StridedSlice(Shape(x), [k], …))`, the number of elements from dimension k on. */
function beginOfSlice(prod: NodeDef | undefined, x: string, graph: GraphIndex): number | undefined {
  if (prod?.op !== 'Prod') return undefined;
  const slice = graph.inputNode(prod, 0);
  if (slice?.op !== 'StridedSlice' || !isShapeOf(graph.inputNode(slice, 0), x, graph)) return;
  const [, begin, , stride] = graph.inputs(slice);
  const mask = (name: string) => Number(slice.attr?.[name]?.i ?? 0);
  const toTheEnd = mask('end_mask') === 1 && OTHER_MASKS.every((name) => mask(name) === 0);
  return toTheEnd && graph.scalar(stride) === 1 ? graph.scalar(begin) : undefined;
}

function isShapeOf(node: NodeDef | undefined, x: string, graph: GraphIndex): boolean {
  return node?.op === 'Shape' && graph.inputs(node)[0] === x;
}
