/**
 * One graph, the main one or a library function's, to be asked from every side: who makes a tensor,
 * who uses a node, what a constant is. The matchers read it; nothing is changed through it.
 *
 * A tensor is named by a reference, `name` or `name:1`. Nodes that pass their input on (Identity) are
 * looked through, in both directions.
 */
import type {Constant, Constants} from './constants.js';
import {inputsOf, type NodeDef, nodeName} from './graph_def.js';

const PASSES_ON = new Set(['Identity', 'StopGradient', 'PreventGradient', 'Snapshot']);

export class GraphIndex {
  private readonly byName: Map<string, NodeDef>;
  private readonly usersOf = new Map<string, NodeDef[]>();

  /** @param outputs Names of the nodes whose values are asked for from outside. */
  constructor(
    readonly nodes: readonly NodeDef[],
    private readonly constants: Constants,
    private readonly outputs: ReadonlySet<string>,
  ) {
    this.byName = new Map(nodes.map((node) => [node.name, node]));
    for (const node of nodes) {
      for (const input of inputsOf(node)) this.addUser(nodeName(input), node);
    }
    this.checkCircles();
  }

  /** The tensors that a node takes, by the nodes that make them. */
  inputs(node: NodeDef): string[] {
    return inputsOf(node).map((input) => this.source(input));
  }

  /** The node that makes input `i` as its first output. Absent: an argument, a further output. */
  inputNode(node: NodeDef | undefined, i: number): NodeDef | undefined {
    const ref = node && this.inputs(node)[i];
    return this.maker(ref);
  }

  /** The node whose first output `ref` is. Absent: no `ref`, an argument, a further output. */
  maker(ref: string | undefined): NodeDef | undefined {
    if (ref === undefined) return undefined;
    const [name, output = '0'] = ref.split(':');
    return output === '0' ? this.byName.get(name) : undefined;
  }

  /** The one of two inputs that `node` does not make. Absent: it makes both, or neither. */
  other(user: NodeDef, node: NodeDef): string | undefined {
    const others = this.inputs(user).filter((ref) => this.maker(ref) !== node);
    return others.length === 1 ? others[0] : undefined;
  }

  /** Every use of a node: a node that takes it twice is there twice. */
  users(node: NodeDef): NodeDef[] {
    return [node, ...this.passers(node)].flatMap((maker) =>
      (this.usersOf.get(maker.name) ?? []).filter((user) => !this.passesOn(user, maker)),
    );
  }

  /** The one use of a node that is no output. */
  onlyUser(node: NodeDef): NodeDef | undefined {
    const users = this.users(node);
    return users.length === 1 && !this.isOutput(node) ? users[0] : undefined;
  }

  /** Whether a node's value, passed on or not, is asked for from outside. */
  isOutput(node: NodeDef): boolean {
    return this.outputs.has(node.name) || this.passers(node).some((p) => this.outputs.has(p.name));
  }

  /** The nodes that pass this one's value on. */
  passers(node: NodeDef): NodeDef[] {
    const passers: NodeDef[] = [];
    let maker: NodeDef | undefined = node;
    for (let i = 0; maker; maker = passers[i++]) {
      for (const user of new Set(this.usersOf.get(maker.name))) {
        if (this.passesOn(user, maker)) passers.push(user);
      }
    }
    return passers;
  }

  /** The value of a small constant. */
  constant(ref: string | undefined): Constant | undefined {
    const node = this.constantNode(ref);
    return node && this.constants.value(node.name);
  }

  /** The shape of a constant of any size. */
  constantShape(ref: string | undefined): number[] | undefined {
    const node = this.constantNode(ref);
    return node && this.constants.shape(node.name);
  }

  /** The value of a constant that holds one number. */
  scalar(ref: string | undefined): number | undefined {
    const values = this.constant(ref)?.values;
    return values?.length === 1 ? values[0] : undefined;
  }

  private constantNode(ref: string | undefined): NodeDef | undefined {
    const node = this.maker(ref);
    return node?.op === 'Const' ? node : undefined;
  }

  /** A reference in one spelling, from the node that made the tensor. */
  private source(input: string): string {
    let source = input;
    for (let next: string | undefined = input; next !== undefined; ) {
      source = next;
      next = this.passedOn(this.maker(source));
    }
    return source.endsWith(':0') ? source.slice(0, -2) : source;
  }

  /** What a node only passes on. */
  private passedOn(node: NodeDef | undefined): string | undefined {
    return node && PASSES_ON.has(node.op) ? inputsOf(node)[0] : undefined;
  }

  /**
   * Looks whether the way back along the first inputs ends from every node, so that the matchers need not
   * think of it. Only a loop may be a circle: its NextIteration has its value from the round before.
   *
   * @throws Error A node takes what is computed from it.
   */
  private checkCircles(): void {
    const settled = new Set<NodeDef>();
    for (const node of this.nodes) {
      const way = new Set<NodeDef>();
      let next: NodeDef | undefined = node;
      for (; next && !settled.has(next); next = this.before(next)) {
        if (way.has(next))
          throw new Error(`fuseGraph: the node '${next.name}' takes its own value.`);
        way.add(next);
      }
      for (const passed of way) settled.add(passed);
    }
  }

  /** The node that makes a node's first input, be it by which output it may. */
  private before(node: NodeDef): NodeDef | undefined {
    const [first] = inputsOf(node);
    if (first === undefined || node.op === 'NextIteration') return undefined;
    return this.byName.get(nodeName(first));
  }

  private passesOn(user: NodeDef, node: NodeDef): boolean {
    return this.maker(this.passedOn(user)) === node;
  }

  private addUser(name: string, user: NodeDef): void {
    const users = this.usersOf.get(name);
    if (users) users.push(user);
    else this.usersOf.set(name, [user]);
  }
}
