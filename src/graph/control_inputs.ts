/**
 * Control inputs (`^name`: wait for that node) are taken out of a graph. tfjs takes them for data: Pack
 * then packs them too, and what waits for a Switch waits for its false branch, for ever.
 *
 * Only one thing that they say must be kept. A value of a conditional branch or of a loop's body that is
 * computed from nothing in there, such as a constant, is known to belong to it by its control input alone:
 *
 *     Switch(·, p) -- Identity          Switch(·, p) -- Identity
 *                        |                                  \
 *                        ^                              Gate(constant, ·)
 *                    constant                                 |
 *                        |                                    |
 *                      Merge                                Merge
 *
 * Merge takes the first value that is there, and the constant of the other branch always is; a loop in a
 * branch whose first values are constants would run whether the branch is taken or not. A gate passes its
 * first input on, once the second is there.
 */
import {registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {inputsOf, isControl, type NodeDef, nodeName} from './graph_def.js';

const GATE_OP = 'TfjsGate';

/**
 * Ops for which it matters when and how often they run: those by which branches and loops are entered and
 * left, those that make a list to write into, and those that draw numbers. tfjs runs the others once, at
 * the start, where they are computed from constants alone; that is as good.
 */
const GATED = new Set([
  ...['Enter', 'Merge', 'NextIteration', 'Switch'],
  ...['EmptyTensorList', 'TensorArrayV3', 'TensorListReserve'],
  ...[
    'Multinomial',
    'RandomStandardNormal',
    'RandomUniform',
    'RandomUniformInt',
    'TruncatedNormal',
  ],
]);

/** Registers the gate with the converter. Safe to repeat. */
export function registerGate(): void {
  registerOp(GATE_OP, ({inputs: [x]}) => tf.clone(x));
}

/** The nodes without control inputs, and with the gates that they need instead. */
export function withoutControlInputs(nodes: readonly NodeDef[]): NodeDef[] {
  let branches: Branches | undefined;
  return nodes.flatMap((node) => {
    const input = node.input?.filter((ref) => !isControl(ref));
    if (!input || !GATED.has(node.op)) return [{...node, input}];
    branches ??= new Branches(nodes);
    const gates: NodeDef[] = [];
    for (const [i, ref] of input.entries()) {
      const decides = branches.missingGate(ref);
      if (decides === undefined) continue;
      const name = `${node.name}/gate_${i}`;
      gates.push({name, op: GATE_OP, input: [ref, decides], attr: {}});
      input[i] = name;
    }
    return [...gates, {...node, input}];
  });
}

/**
 * How many conditional branches each node stands in: a Switch leads into one, a Merge out of it.
 * Loops have both as well, and are entered once by this count.
 */
class Branches {
  private readonly byName: ReadonlyMap<string, NodeDef>;
  /** The number by all inputs. */
  private readonly all = new Map<string, number>();
  /** The number by what tfjs waits for once there are gates. */
  private readonly data = new Map<string, number>();

  constructor(nodes: readonly NodeDef[]) {
    this.byName = new Map(nodes.map((node) => [node.name, node]));
    for (const node of this.inOrder(nodes)) {
      const inputs = this.before(node);
      const depth = this.depthAfter(node, inputs, this.all);
      this.all.set(node.name, depth);
      const data = inputs.filter((ref) => !isControl(ref));
      const byData = GATED.has(node.op) ? depth : this.depthAfter(node, data, this.data);
      this.data.set(node.name, byData);
    }
  }

  /** What a tensor must wait for to be a value of its branch alone. Absent: it does so by its data. */
  missingGate(ref: string): string | undefined {
    const depth = this.depth(ref, this.all);
    if (depth === this.depth(ref, this.data)) return undefined;
    const ways = [nodeName(ref)];
    const seen = new Set(ways);
    for (let name = ways.pop(); name !== undefined; name = ways.pop()) {
      const node = this.byName.get(name);
      if (node?.op === 'Merge') continue;
      for (const input of inputsOf(node)) {
        const before = nodeName(input);
        const stands = this.depth(input, this.data) === depth && !this.waitsForSwitch(input);
        if (stands) return isControl(input) ? before : input;
        if (!seen.has(before)) ways.push(before);
        seen.add(before);
      }
    }
    return undefined;
  }

  /** The depth of a tensor. To wait for a Switch is to wait for neither of its branches. */
  private depth(ref: string, depths: ReadonlyMap<string, number>): number {
    return (depths.get(nodeName(ref)) ?? 0) - (this.waitsForSwitch(ref) ? 1 : 0);
  }

  private waitsForSwitch(ref: string): boolean {
    return isControl(ref) && this.byName.get(nodeName(ref))?.op === 'Switch';
  }

  private depthAfter(node: NodeDef, inputs: string[], depths: ReadonlyMap<string, number>): number {
    const deepest = Math.max(0, ...inputs.map((ref) => this.depth(ref, depths)));
    if (node.op === 'Switch') return deepest + 1;
    const leaves = node.op === 'Exit' || node.op === 'Merge';
    return leaves && !inputsOf(node).some(this.comesRound) ? deepest - 1 : deepest;
  }

  /** Every node behind those that are before it. Not recursive: graphs are deep. */
  private inOrder(nodes: readonly NodeDef[]): Iterable<NodeDef> {
    const ordered = new Set<NodeDef>();
    const begun = new Set<NodeDef>();
    const way = [...nodes];
    for (let node = way.pop(); node !== undefined; node = way.pop()) {
      if (begun.has(node)) {
        ordered.add(node);
        continue;
      }
      begun.add(node);
      way.push(node, ...this.before(node).flatMap((ref) => this.byName.get(nodeName(ref)) ?? []));
    }
    return ordered;
  }

  /** What a node takes or waits for; of a Merge what comes in, be it into a loop or out of branches. */
  private before(node: NodeDef): string[] {
    const inputs = inputsOf(node);
    if (node.op !== 'Merge') return inputs;
    return inputs.filter((ref) => !isControl(ref) && !this.comesRound(ref));
  }

  /** Whether a loop's body gives a tensor to its next round. */
  private readonly comesRound = (ref: string): boolean =>
    this.byName.get(nodeName(ref))?.op === 'NextIteration';
}
