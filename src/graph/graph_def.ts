/** A graph model's topology, as the converter writes it to `model.json`: what is used of it here. */

export interface AttrValue {
  b?: boolean;
  f?: number;
  /** int64: JSON has it as a string. */
  i?: number | string;
  /** Base64 */
  s?: string;
  type?: string | number;
  /** A function of the library. */
  func?: {name?: string};
  list?: {i?: (number | string)[]; s?: string[]};
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

const ADDS = new Set(['Add', 'AddV2']);

/** Whether a node is the sum of its two inputs. */
export function isAdd(node: NodeDef | undefined): boolean {
  return node !== undefined && ADDS.has(node.op);
}

const QUOTIENTS = new Set(['Div', 'RealDiv']);

/** Whether a node is its first input divided by its second. */
export function isQuotient(node: NodeDef | undefined): boolean {
  return node !== undefined && QUOTIENTS.has(node.op);
}

export interface FunctionDef {
  signature?: {name?: string; inputArg?: {name: string}[]; outputArg?: {name: string}[]};
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
  for (const f of listOf(graph.library?.function, 'library.function')) {
    checkFunction(f);
  }
  return graph as GraphDef;
}

function checkFunction(f: FunctionDef | null): void {
  if (f === null || typeof f !== 'object') {
    throw new Error(`fuseGraph: library.function has an entry that is no function: ${printed(f)}.`);
  }
  const where = `the function '${f.signature?.name}'`;
  const args = listOf(f.signature?.inputArg, 'the inputArg of a function');
  const results = listOf(f.signature?.outputArg, 'the outputArg of a function');
  if (![...args, ...results].every((arg) => typeof arg?.name === 'string')) {
    throw new Error(`fuseGraph: ${where} has an argument without a name.`);
  }
  const nodes = listOf(f.nodeDef, 'the nodeDef of a function');
  checkNodes(where, nodes, new Set(args.map(({name}) => name)));
  const returned = [f.ret, f.controlRet].flatMap((map) => Object.values(map ?? {}));
  if (!returned.every((name) => typeof name === 'string')) {
    throw new Error(`fuseGraph: ${where} returns what has no name.`);
  }
}

/** A list that may be absent. @throws Error It is something else. */
function listOf<Item>(list: Item[] | undefined | null, what: string): Item[] {
  if (list == null) return [];
  if (Array.isArray(list)) return list;
  throw new Error(`fuseGraph: ${what} must be a list, but is ${JSON.stringify(list)}.`);
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
    const attrs = Object.values(node.attr ?? {});
    if (!attrs.every((attr) => attr !== null && typeof attr === 'object')) {
      throw new Error(
        `fuseGraph: in ${where} the node '${node.name}' has an attr without a value.`,
      );
    }
  }
  for (const node of nodes) {
    for (const input of listOf(node.input, `the input of the node '${node.name}'`)) {
      if (typeof input !== 'string' || !(names.has(nodeName(input)) || args.has(nodeName(input)))) {
        throw new Error(
          `fuseGraph: in ${where} the node '${node.name}' takes '${printed(input)}', which is not there.`,
        );
      }
    }
  }
}

const printed = (input: unknown) => (typeof input === 'string' ? input : JSON.stringify(input));

/** What a node takes and waits for: nothing, where the list is left out. */
export function inputsOf(node: NodeDef | undefined): string[] {
  return node?.input ?? [];
}

/** The node that an input names. */
export function nodeName(input: string): string {
  return input.replace('^', '').split(':')[0];
}

export function isControl(input: string): boolean {
  return input.startsWith('^');
}

/** The nodes of the graph and of its functions. */
export function allNodes({node, library}: GraphDef): NodeDef[] {
  return [...node, ...(library?.function ?? []).flatMap(({nodeDef}) => nodeDef ?? [])];
}

/** The graph with its own nodes changed, and those of each function. */
export function mapNodes(
  graph: GraphDef,
  change: (nodes: NodeDef[], f?: FunctionDef) => NodeDef[],
): GraphDef {
  const changed: GraphDef = {...graph, node: change(graph.node)};
  if (graph.library?.function) {
    const all = graph.library.function.map((f) =>
      f.nodeDef ? {...f, nodeDef: change(f.nodeDef, f)} : f,
    );
    changed.library = {...graph.library, function: all};
  }
  return changed;
}
