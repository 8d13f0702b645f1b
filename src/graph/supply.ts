/** Gives the nodes of the ops in `ops/` the names under which those are registered. */
import {type GraphDef, mapNodes, type NodeDef} from './graph_def.js';
import {SUPPLIED_OPS, suppliedName} from './ops/index.js';

/** @param isRegistered Whether somebody has registered an op of this name: theirs is taken. */
export function supplyOps(graph: GraphDef, isRegistered: (op: string) => boolean): GraphDef {
  const supplied = (node: NodeDef): NodeDef => {
    if (!Object.hasOwn(SUPPLIED_OPS, node.op) || isRegistered(node.op)) return node;
    const {isNeeded, prepare} = SUPPLIED_OPS[node.op];
    if (isNeeded && !isNeeded(node)) return node;
    return {...(prepare ? prepare(node) : node), op: suppliedName(node.op)};
  };
  return mapNodes(graph, (nodes) => nodes.map(supplied));
}
