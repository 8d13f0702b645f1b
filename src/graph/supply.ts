/** Gives the nodes of the ops in `ops/` the names under which those are registered. */
import type {Constants} from './constants.js';
import {allNodes, type GraphDef, mapNodes, type NodeDef} from './graph_def.js';
import {SUPPLIED_OPS, suppliedName} from './ops/index.js';

/** @param isRegistered Whether somebody has registered an op of this name: theirs is taken. */
export function supplyOps(
  graph: GraphDef,
  constants: Constants,
  isRegistered: (op: string) => boolean,
): GraphDef {
  const about = {hasHuge: hasHuge(graph, constants)};
  const supplied = (node: NodeDef): NodeDef => {
    if (!Object.hasOwn(SUPPLIED_OPS, node.op) || isRegistered(node.op)) return node;
    const {isNeeded, prepare} = SUPPLIED_OPS[node.op];
    if (isNeeded && !isNeeded(node, about)) return node;
    return {...(prepare ? prepare(node) : node), op: suppliedName(node.op)};
  };
  return mapNodes(graph, (nodes) => nodes.map(supplied));
}

function hasHuge(graph: GraphDef, constants: Constants): boolean {
  return allNodes(graph)
    .flatMap(({name}) => constants.value(name)?.values ?? [])
    .some((value) => Math.abs(value) > 1e20 && Number.isFinite(value));
}
