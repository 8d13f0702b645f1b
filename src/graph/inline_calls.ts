/**
 * PartitionedCall and StatefulPartitionedCall, which tfjs does not know: the nodes of the function in
 * the library are put into the graph in place of the call.
 */
import type {FunctionDef, GraphDef, NodeDef} from './graph_def.js';
import {inputsOf, isControl, mapNodes, nodeName} from './graph_def.js';

const CALLS = new Set(['PartitionedCall', 'StatefulPartitionedCall']);

/** Deeper calls than these are taken for a function that calls itself. */
const DEEPEST = 32;

/**
 * The graph and its functions without calls, as far as the library has what is called. References in
 * functions are those of a graph (`withGraphRefs`).
 *
 * @param outputs Names of the nodes whose values are asked for from outside.
 * @throws Error A function calls itself.
 */
export function inlineCalls(graph: GraphDef, outputs: ReadonlySet<string>): GraphDef {
  const library = new Map(graph.library?.function?.map((f) => [f.signature?.name, f]));
  return mapNodes(graph, (nodes, f) => {
    const asked = f ? new Set(Object.values(f.ret ?? {}).map(nodeName)) : outputs;
    return withoutCalls(nodes, asked, library);
  });
}

type Library = ReadonlyMap<string | undefined, FunctionDef>;

function calledBy(node: NodeDef, library: Library): FunctionDef | undefined {
  return CALLS.has(node.op) ? library.get(node.attr?.f?.func?.name) : undefined;
}

function withoutCalls(nodes: NodeDef[], outputs: ReadonlySet<string>, library: Library): NodeDef[] {
  let left = nodes;
  for (let depth = 0; left.some((node) => calledBy(node, library)); depth++) {
    if (depth === DEEPEST) {
      const name = left.map((node) => calledBy(node, library)?.signature?.name).find(Boolean);
      throw new Error(`fuseGraph: the function '${name}' calls itself.`);
    }
    left = inlineOnce(left, outputs, library);
  }
  return left;
}

/** Puts in the functions that these nodes call, which may call others. */
function inlineOnce(
  nodes: readonly NodeDef[],
  outputs: ReadonlySet<string>,
  library: Library,
): NodeDef[] {
  const results = new Map<string, string[]>();
  const all = new Map(nodes.map((node) => [node.name, node]));
  for (const call of nodes) {
    const called = calledBy(call, library);
    if (!called) continue;
    const body = bodyOf(call, called);
    results.set(call.name, body.results);
    for (const node of body.nodes) all.set(node.name, node);
  }
  const renamed = (ref: string): string => {
    const [name, index = 0] = ref.split(':');
    const result = results.get(name)?.[Number(index)];
    return result === undefined ? ref : renamed(result); // It may be another call's result.
  };
  const waitedFor = new Set(nodes.flatMap(inputsOf).filter(isControl).map(nodeName));
  return [...all.values()].flatMap((node): NodeDef[] => {
    const own = results.get(node.name);
    if (!own) return [{...node, input: node.input?.map(renamed)}];
    const isAskedFor = outputs.has(node.name) || waitedFor.has(node.name);
    return isAskedFor ? [resultNode(node, own.map(renamed))] : [];
  });
}

/**
 * A function's nodes under names of their own, and the tensors that it returns. The nodes wait for what
 * the call waits for: a call may stand in a branch, and its constants with it.
 *
 * Constants keep their names, by which their values are found among the weights. One that waits is passed
 * on by a node of the call, since another call may wait for something else.
 */
function bodyOf(call: NodeDef, f: FunctionDef): {nodes: NodeDef[]; results: string[]} {
  const nodes = f.nodeDef ?? [];
  const given = inputsOf(call);
  const waits = given.filter(isControl);
  const args = new Map((f.signature?.inputArg ?? []).map(({name}, i) => [name, given[i]]));
  const isShared = (node: NodeDef) =>
    node.op === 'Const' && inputsOf(node).concat(waits).length === 0;
  const shared = new Set(nodes.filter(isShared).map(({name}) => name));
  const ownName = (name: string) => (shared.has(name) ? name : `${call.name}/${name}`);
  const ref = (text: string): string => {
    const name = nodeName(text);
    const argument = args.get(name);
    if (isControl(text)) return `^${nodeName(argument ?? ownName(name))}`;
    return argument ?? text.replace(name, ownName(name));
  };
  return {
    nodes: nodes.flatMap((node): NodeDef[] => {
      const [name, input] = [ownName(node.name), [...inputsOf(node).map(ref), ...waits]];
      if (node.op !== 'Const' || name === node.name) return [{...node, name, input}];
      return [
        {...node, input: []},
        {name, op: 'Identity', input: [node.name, ...input], attr: {}},
      ];
    }),
    results: (f.signature?.outputArg ?? []).map(({name}) => ref(f.ret?.[name] ?? name)),
  };
}

/** Stands where somebody asks for the call's values by its name. */
function resultNode({name}: NodeDef, results: string[]): NodeDef {
  return {name, op: 'IdentityN', input: results, attr: {}};
}
