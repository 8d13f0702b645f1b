/** 1 / √(variance + ε), in the ways in which graphs compute it. */
import {isAdd, isQuotient, type NodeDef} from '../graph_def.js';
import type {GraphIndex} from '../graph_index.js';

export interface InverseRoot {
  /** The node whose value it is; if `divides`, the node by which something is divided instead. */
  node: NodeDef;
  divides: boolean;
  /** What stands under the root beside epsilon. */
  variance: NodeDef;
  epsilon: number;
  /** The nodes from the root down to the variance, `node` among them. */
  inner: NodeDef[];
}

/**
 *     variance   ε
 *            \  /
 *            Add              ε inside of the root: outside it is another function
 *             |
 *          Maximum 0          a bound that ε makes idle, or none
 *             |
 *           Rsqrt             or Pow −½, or Sqrt (Pow ½) and: Reciprocal, 1 / ·, or a division by it
 */
export function matchInverseRoot(node: NodeDef, graph: GraphIndex): InverseRoot | undefined {
  const form = formOf(node, graph);
  if (!form) return undefined;
  const {root} = form;
  const inner = [...new Set([node, root])];
  const bound = bounded(graph.inputNode(root, 0), graph);
  const sum = bound ? bound.of : graph.inputNode(root, 0);
  if (bound) inner.push(bound.node);
  if (!sum || !isAdd(sum)) return undefined;
  const {number: epsilon, of: variance} = withNumber(sum, graph);
  if (!variance || epsilon === undefined || !(epsilon >= 0)) return undefined;
  if (bound && !(bound.by <= epsilon)) return undefined;
  return {node, divides: form.divides, variance, epsilon, inner: [...inner, sum]};
}

/** The root within `node`, and whether `node` is still to divide by. */
function formOf(node: NodeDef, graph: GraphIndex): {root: NodeDef; divides: boolean} | undefined {
  switch (node.op) {
    case 'Rsqrt':
      return {root: node, divides: false};
    case 'Pow':
      if (graph.scalar(graph.inputs(node)[1]) === -0.5) return {root: node, divides: false};
      break;
    case 'Reciprocal':
    case 'Inv':
      return below(graph.inputNode(node, 0), graph);
  }
  if (isQuotient(node)) {
    const one = graph.scalar(graph.inputs(node)[0]) === 1;
    return one ? below(graph.inputNode(node, 1), graph) : undefined;
  }
  return isRoot(node, graph) ? {root: node, divides: true} : undefined;
}

function below(root: NodeDef | undefined, graph: GraphIndex) {
  return root && isRoot(root, graph) ? {root, divides: false} : undefined;
}

function isRoot(node: NodeDef, graph: GraphIndex): boolean {
  return node.op === 'Sqrt' || (node.op === 'Pow' && graph.scalar(graph.inputs(node)[1]) === 0.5);
}

/** `Maximum(of, by)`, in either order. */
export function bounded(
  node: NodeDef | undefined,
  graph: GraphIndex,
): {node: NodeDef; of: NodeDef; by: number} | undefined {
  if (node?.op !== 'Maximum') return undefined;
  const {number: by, of} = withNumber(node, graph);
  return of && by !== undefined ? {node, of, by} : undefined;
}

/** The number that is one of two inputs, and the node that makes the other. Absent: neither is one. */
function withNumber(node: NodeDef, graph: GraphIndex): {number?: number; of?: NodeDef} {
  const inputs = graph.inputs(node);
  const at = inputs.findIndex((ref) => graph.scalar(ref) !== undefined);
  return {number: graph.scalar(inputs[at]), of: graph.maker(inputs[1 - at])};
}
