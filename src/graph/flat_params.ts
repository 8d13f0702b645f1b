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
  const uses = new Map<string, number>();
  const asParams = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) =>
    counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const node of nodes) {
    for (const input of inputsOf(node)) count(uses, nodeName(input));
    for (const param of paramsOf(node)) count(asParams, param);
  }
  const flattened = new Map<string, number>();
  const newSpecs = specs.map((spec) => {
    const {name, shape} = spec;
    const isRow = shape.length > 1 && shape.slice(0, -1).every((size) => size === 1);
    const onlyParam = asParams.get(name) !== undefined && asParams.get(name) === uses.get(name);
    if (!isRow || !onlyParam || outputs.has(name)) return spec;
    flattened.set(name, shape.length);
    return {...spec, shape: shape.slice(-1)};
  });
  if (flattened.size === 0) return {graph, specs};
  return {
    graph: mapNodes(graph, (all) => all.map((n) => withMinRank(n, flattened))),
    specs: newSpecs,
  };
}

/** The names of a node's inputs that scale or shift the last dimension of another. */
function paramsOf(node: NodeDef): string[] {
  if (isNormOp(node.op)) return inputsOf(node).slice(1);
  const hasBias = FUSED.has(node.op) && node.attr?.fused_ops?.list?.s?.[0] === btoa('BiasAdd');
  return hasBias ? inputsOf(node).slice(2, 3) : [];
}

/** Against a tensor of fewer dimensions than the constant had, the result has the constant's. */
function withMinRank(node: NodeDef, flattened: ReadonlyMap<string, number>): NodeDef {
  if (!isNormOp(node.op)) return node;
  const ranks = paramsOf(node).map((param) => flattened.get(param) ?? 0);
  const rank = Math.max(0, ...ranks);
  return rank === 0 ? node : {...node, attr: {...node.attr, [MIN_RANK]: {i: String(rank)}}};
}
