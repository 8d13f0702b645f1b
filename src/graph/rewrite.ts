/** Finds the patterns in one graph, and writes the graph anew with an op in place of each. */
import {writeFusedOp} from './fused_op.js';
import {inputsOf, type NodeDef, nodeName} from './graph_def.js';
import type {GraphIndex} from './graph_index.js';
import type {Match, Matcher} from './match.js';
import {matchCentred} from './patterns/centred.js';
import {matchFusedBatchNorm, matchFusedBatchNormAlone} from './patterns/fused_batch_norm.js';
import {matchKeras2} from './patterns/keras2.js';
import {matchKeras3} from './patterns/keras3.js';
import {matchRmsNorm} from './patterns/rms_norm.js';
import {matchRmsScaling} from './patterns/rms_scaling.js';

const matchers: Matcher[] = [
  matchFusedBatchNorm,
  matchFusedBatchNormAlone,
  matchKeras2,
  matchKeras3,
  matchCentred,
  matchRmsNorm,
  matchRmsScaling,
];

/** All patterns of a graph. No node is in two of them, and nothing else uses their inner nodes. */
export function findMatches(graph: GraphIndex): Match[] {
  const taken = new Set<NodeDef>();
  const matches: Match[] = [];
  for (const node of graph.nodes) {
    for (const matcher of matchers) {
      const match = matcher(node, graph);
      if (!match || !isClosed(match, graph)) continue;
      const own = [match.root, ...match.inner];
      if (own.some((n) => taken.has(n))) continue;
      for (const n of own) taken.add(n);
      matches.push(match);
      break;
    }
  }
  return matches;
}

/**
 * Whether the inner nodes are used by each other and by the root alone, but for the term that a sum
 * loses; and none of them makes what the op would take, such as a gamma that is the mean.
 */
function isClosed(match: Match, graph: GraphIndex): boolean {
  const {inner, root, shortened, x, gamma, beta} = match;
  const own = new Set<NodeDef | undefined>([...inner, root]);
  const takes = [x, gamma, beta].map((ref) => graph.maker(ref));
  if (takes.some((node) => node && own.has(node))) return false;
  const isUsedWithin = (node: NodeDef) =>
    graph
      .users(node)
      .every((user) => own.has(user) || (user === shortened?.sum && node === shortened.term));
  return inner.every((node) => node === root || (!graph.isOutput(node) && isUsedWithin(node)));
}

/** The nodes with each match replaced; what only the replaced nodes used is left out. */
export function replaceMatches(graph: GraphIndex, matches: readonly Match[]): NodeDef[] {
  const replaced = new Map<NodeDef, NodeDef>();
  const removed = new Set<NodeDef>();
  for (const match of matches) {
    for (const node of match.inner) {
      if (node === match.root) continue;
      removed.add(node);
      for (const passer of graph.passers(node)) removed.add(passer);
    }
    replaced.set(match.root, writeFusedOp(match));
  }
  for (const {shortened} of matches) {
    if (!shortened) continue;
    const {sum} = shortened;
    replaced.set(sum, shorten(replaced.get(sum) ?? sum, removed));
  }
  const nodes = graph.nodes
    .filter((node) => !removed.has(node))
    .map((node) => replaced.get(node) ?? node);
  return withoutUnused(nodes, [...removed, ...matches.map(({root}) => root)], graph);
}

/** A sum without the terms that are removed. */
function shorten(sum: NodeDef, removed: ReadonlySet<NodeDef>): NodeDef {
  const gone = new Set([...removed].map((node) => node.name));
  const input = inputsOf(sum).filter((i) => !gone.has(nodeName(i)));
  return {...sum, input, attr: {...sum.attr, N: {i: String(input.length)}}};
}

/** Without the nodes that had users and now have none, as the shapes and constants of `changed`. */
function withoutUnused(
  nodes: readonly NodeDef[],
  changed: readonly NodeDef[],
  graph: GraphIndex,
): NodeDef[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const uses = new Map<string, number>();
  const names = (node: NodeDef) => inputsOf(node).map(nodeName);
  for (const name of nodes.flatMap(names)) uses.set(name, (uses.get(name) ?? 0) + 1);

  const unused = new Set<string>();
  const candidates = changed.flatMap(names);
  for (let name = candidates.pop(); name !== undefined; name = candidates.pop()) {
    const node = byName.get(name);
    if (!node || uses.get(name) || unused.has(name)) continue;
    if (graph.isOutput(node) || node.op.startsWith('Placeholder')) continue;
    unused.add(name);
    for (const input of names(node)) {
      uses.set(input, (uses.get(input) ?? 0) - 1);
      candidates.push(input);
    }
  }
  return nodes.filter((node) => !unused.has(node.name));
}
