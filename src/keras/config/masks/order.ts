/**
 * The order in which Keras makes the calls of a model. It matters where a call takes the masks off the
 * tensors that it is given, which later calls then find without.
 *
 * Source: `map_graph` of keras/src/ops/function.py.
 */
import {type Reference, references, savedCalls} from '../calls.js';
import {nameOf, type SavedLayer} from '../saved.js';

interface Node {
  layer: string;
  call: number;
  /** The calls that its arguments come from. */
  parents: string[];
}

const keyOf = (layer: string, call: number) => `${call} ${layer}`;

/** The calls of layers, the first to be made first; of layers that no output needs there are none. */
export function callOrder(
  layers: SavedLayer[],
  outputs: Reference[],
  fromZero: (ref: Reference) => Reference,
): {layer: string; call: number}[] {
  const nodes = new Map<string, Node>();
  for (const saved of layers) {
    const layer = nameOf(saved);
    const calls = savedCalls(saved);
    if (!calls.length) nodes.set(keyOf(layer, 0), {layer, call: 0, parents: []});
    calls.forEach(({args, kwargs}, call) => {
      const parents = references([args, kwargs])
        .map(fromZero)
        .map(([from, of]) => keyOf(from, of));
      nodes.set(keyOf(layer, call), {layer, call, parents});
    });
  }
  const sorted = fromInputsToOutputs(
    nodes,
    outputs.map(([layer, call]) => keyOf(layer, call)),
  );
  const depths = depthsOf(sorted, nodes);
  const order = [...depths].sort(([, a], [, b]) => b - a);
  return order.map(([node]) => ({layer: node.layer, call: node.call}));
}

/** A depth-first walk, with a list of its own: a model may be deeper than JavaScript's stack. */
function fromInputsToOutputs(nodes: Map<string, Node>, outputs: string[]): Node[] {
  const sorted: Node[] = [];
  const seen = new Set<string>();
  const waiting = [...outputs].reverse().map((key) => ({key, done: false}));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const node = nodes.get(next.key);
    if (!node) continue;
    if (next.done) sorted.push(node);
    else if (!seen.has(next.key)) {
      seen.add(next.key);
      waiting.push({key: next.key, done: true});
      waiting.push(...[...node.parents].reverse().map((key) => ({key, done: false})));
    }
  }
  return sorted;
}

/** How many calls lie between each call and the outputs, in the order in which Keras finds them. */
function depthsOf(sorted: Node[], nodes: Map<string, Node>): Map<Node, number> {
  const depths = new Map<Node, number>();
  const ofLayer = new Map<string, number>();
  for (const node of [...sorted].reverse()) {
    const depth = Math.max(depths.get(node) ?? 0, ofLayer.get(node.layer) ?? 0);
    ofLayer.set(node.layer, depth);
    depths.set(node, depth);
    for (const key of node.parents) {
      const parent = nodes.get(key);
      if (parent) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
    }
  }
  return depths;
}
