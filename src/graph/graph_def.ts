/** A graph model's topology, as the converter writes it to `model.json`: what is used of it here. */

export interface AttrValue {
  b?: boolean;
  f?: number;
  /** int64: JSON has it as a string. */
  i?: number | string;
  /** Base64 */
  s?: string;
  type?: string | number;
  list?: {i?: (number | string)[]};
}

export interface NodeDef {
  name: string;
  op: string;
  /**
   * `name` (output 0), `name:1`, or in a library function `name:output:0` and arguments' names; an
   * input that is only waited for is `^name`.
   */
  input?: string[];
  attr?: Record<string, AttrValue>;
}

export interface FunctionDef {
  signature?: {name?: string; inputArg?: {name: string}[]};
  nodeDef?: NodeDef[];
  /** Output argument to the tensor it returns. */
  ret?: Record<string, string>;
  controlRet?: Record<string, string>;
}

export interface GraphDef {
  node: NodeDef[];
  library?: {function?: FunctionDef[]};
}

/** Throws a clear error unless `topology` is a graph model's. */
export function checkGraphDef(topology: unknown): GraphDef {
  const graph = topology as
    | (Partial<GraphDef> & {model_config?: unknown; class_name?: unknown})
    | null
    | undefined;
  if (graph?.model_config != null || graph?.class_name != null) {
    throw new Error(
      'fuseGraph: this is a layers model, not a graph model: load it with tf.loadLayersModel.',
    );
  }
  if (!Array.isArray(graph?.node)) {
    throw new Error(
      'fuseGraph: the model has no graph: modelTopology.node is not a list of nodes.',
    );
  }
  checkNodes('the graph', graph.node, new Set());
  for (const f of graph.library?.function ?? []) {
    const args = new Set((f.signature?.inputArg ?? []).map((arg) => arg.name));
    checkNodes(`the function '${f.signature?.name}'`, f.nodeDef ?? [], args);
  }
  return graph as GraphDef;
}

function checkNodes(where: string, nodes: NodeDef[], args: Set<string>): void {
  const names = new Set<string>();
  for (const node of nodes) {
    if (typeof node?.name !== 'string' || typeof node.op !== 'string') {
      throw new Error(`fuseGraph: ${where} has a node without a name or an op.`);
    }
    if (names.has(node.name)) {
      throw new Error(`fuseGraph: ${where} has two nodes with the name '${node.name}'.`);
    }
    names.add(node.name);
  }
  for (const node of nodes) {
    for (const input of node.input ?? []) {
      if (typeof input !== 'string' || !(names.has(nodeName(input)) || args.has(nodeName(input)))) {
        throw new Error(
          `fuseGraph: in ${where} the node '${node.name}' takes '${input}', which is not there.`,
        );
      }
    }
  }
}

/** The node that an input names. */
export function nodeName(input: string): string {
  return input.replace(/^\^/, '').split(':')[0];
}

export function isControl(input: string): boolean {
  return input.startsWith('^');
}
