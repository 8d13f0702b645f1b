/**
 * Gives the constants that scale or shift the last dimension, [1, …, 1, n], the shape [n], at load:
 * gamma and beta of a normalisation, which the kernels take so, and the bias of a fused product, of
 * which wasm takes no other.
 */
import type * as tf from '@tensorflow/tfjs-core';
import {MIN_RANK} from './fused_op.js';
import {allNodes, type GraphDef, inputsOf, mapNodes, type NodeDef, nodeName} from './graph_def.js';
import {isNormOp} from './match.js';

type Specs = readonly tf.io.WeightsManifestEntry[];

const FUSED = new Set(['_FusedMatMul', '_FusedConv2D', 'FusedDepthwiseConv2dNative']);

/** @param outputs Names of the nodes whose values are asked for from outside. */
export function flattenParams(
  graph: GraphDef,
  specs: Specs,
  outputs: ReadonlySet<string>,
): {graph: GraphDef; specs: Specs} {
  const nodes = allNodes(graph);
  const params = new Set(nodes.flatMap((node) => inputNames(node, true)));
  const others = new Set([...outputs, ...nodes.flatMap((node) => inputNames(node, false))]);
  const flattened = new Map<string, number>();
  const newSpecs = specs.map((spec) => {
    const {name, shape} = spec;
    const isRow = shape.length > 1 && shape.slice(0, -1).every((size) => size === 1);
    if (!isRow || !params.has(name) || others.has(name)) return spec;
    flattened.set(name, shape.length);
    return {...spec, shape: shape.slice(-1)};
  });
  return {
    graph: mapNodes(graph, (all) => all.map((n) => withMinRank(n, flattened))),
    specs: newSpecs,
  };
}

/** The names of a node's inputs: of those that scale or shift the last dimension of another, or the others. */
function inputNames(node: NodeDef, areParams: boolean): string[] {
  return inputsOf(node)
    .filter((_, i) => isParam(node, i) === areParams)
    .map(nodeName);
}

function isParam({op, attr}: NodeDef, i: number): boolean {
  if (isNormOp(op)) return i > 0;
  return i === 2 && FUSED.has(op) && attr?.fused_ops?.list?.s?.[0] === btoa('BiasAdd');
}

/** Against a tensor of fewer dimensions than the constant had, the result has the constant's. */
function withMinRank(node: NodeDef, flattened: ReadonlyMap<string, number>): NodeDef {
  if (!isNormOp(node.op)) return node;
  const ranks = inputNames(node, true).map((param) => flattened.get(param) ?? 0);
  const rank = Math.max(0, ...ranks);
  return rank === 0 ? node : {...node, attr: {...node.attr, [MIN_RANK]: {i: String(rank)}}};
}
