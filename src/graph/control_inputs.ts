/**
 * Control inputs (`^name`: wait for that node) are taken out of a graph. tfjs takes them for data: Pack
 * then packs them too, and what waits for a Switch waits for its false branch, for ever.
 *
 * Only one thing that they say must be kept. A value of a conditional branch that is computed from
 * nothing in the branch, such as a constant, is known to belong to it by its control input alone:
 *
 *     Switch(·, p) -- Identity          Switch(·, p) -- Identity
 *                        |                                  \
 *                        ^                              Gate(constant, ·)
 *                    constant                                 |
 *                        |                                    |
 *                      Merge                                Merge
 *
 * Merge takes the first value that is there, and the constant of the other branch always is. A gate
 * passes its first input on, once the second is there.
 */
import {registerOp} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {inputsOf, isControl, type NodeDef, nodeName} from './graph_def.js';

const GATE_OP = 'TfjsGate';

/** Registers the gate with the converter. Safe to repeat. */
export function registerGate(): void {
  registerOp(GATE_OP, ({inputs: [x]}) => tf.clone(x));
}

/** The nodes without control inputs, and with a gate where Merge needs one. */
export function withoutControlInputs(nodes: readonly NodeDef[]): NodeDef[] {
  if (!nodes.some(({input}) => input?.some(isControl))) return [...nodes];
  const branches = new Branches(nodes);
  return nodes.flatMap((node) => {
    const input = node.input?.filter((ref) => !isControl(ref));
    if (!input) return [node];
    const gates: NodeDef[] = [];
    const gated = input.map((ref, i) => {
      const decides = node.op === 'Merge' ? branches.missingGate(ref) : undefined;
      if (decides === undefined) return ref;
      const name = `${node.name}/gate_${i}`;
      gates.push({name, op: GATE_OP, input: [ref, decides], attr: {}});
      return name;
    });
    return [...gates, {...node, input: gated}];
  });
}

/**
 * How many conditional branches each node stands in: a Switch leads into one, a Merge out of it.
 * Loops have both as well, and are entered once by this count.
 */
class Branches {
  private readonly byName: Map<string, NodeDef>;
  /** By data inputs alone, and by control inputs too. */
  private readonly depths = {data: new Map<string, number>(), all: new Map<string, number>()};

  constructor(nodes: readonly NodeDef[]) {
    this.byName = new Map(nodes.map((node) => [node.name, node]));
    for (const node of nodes) {
      this.measure(node.name, 'data');
      this.measure(node.name, 'all');
    }
  }

  /** What a tensor must wait for to be a value of its branch alone. Absent: it is one by its data. */
  missingGate(ref: string): string | undefined {
    const depth = this.depth(ref, 'all');
    if (depth <= this.depth(ref, 'data')) return undefined;
    const ways = [nodeName(ref)];
    const seen = new Set(ways);
    for (let name = ways.pop(); name !== undefined; name = ways.pop()) {
      const node = this.byName.get(name);
      const inputs = node?.op === 'Merge' ? [] : inputsOf(node);
      for (const input of inputs) {
        const waitedFor = this.byName.get(nodeName(input));
        if (!waitedFor || seen.has(waitedFor.name)) continue;
        if (waitedFor.op !== 'NoOp' && this.depth(waitedFor.name, 'data') === depth) {
          return isControl(input) ? waitedFor.name : input;
        }
        seen.add(waitedFor.name);
        ways.push(waitedFor.name);
      }
    }
    return undefined;
  }

  private depth(ref: string, by: 'data' | 'all'): number {
    return this.depths[by].get(nodeName(ref)) ?? 0;
  }

  /** Fills in the depth of a node and of all before it. Not recursive: graphs are deep. */
  private measure(from: string, by: 'data' | 'all'): void {
    const depths = this.depths[by];
    const way = [from];
    const begun = new Set<string>();
    while (way.length > 0) {
      const name = way[way.length - 1];
      const node = this.byName.get(name);
      const inputs = this.inputsOf(node, by);
      const missing = inputs.filter(
        (ref) => !depths.has(nodeName(ref)) && !begun.has(nodeName(ref)),
      );
      if (begun.has(name) || missing.length === 0) {
        way.pop();
        if (node && !depths.has(name)) depths.set(name, this.depthOf(node, inputs, by));
      } else {
        begun.add(name);
        way.push(...missing.map(nodeName));
      }
    }
  }

  /** The inputs; of a loop's Merge only what enters, as the other comes round from itself. */
  private inputsOf(node: NodeDef | undefined, by: 'data' | 'all'): string[] {
    const isMerge = node?.op === 'Merge';
    const inputs = inputsOf(node).filter(
      (ref) => this.byName.has(nodeName(ref)) && !(isControl(ref) && (isMerge || by === 'data')),
    );
    if (!isMerge) return inputs;
    return inputs.filter((ref) => this.byName.get(nodeName(ref))?.op !== 'NextIteration');
  }

  private depthOf(node: NodeDef, inputs: string[], by: 'data' | 'all'): number {
    // Waiting for a Switch is waiting for neither of its branches.
    const depths = inputs.map((ref) => {
      const isSwitch = isControl(ref) && this.byName.get(nodeName(ref))?.op === 'Switch';
      return this.depth(ref, by) - (isSwitch ? 1 : 0);
    });
    const deepest = Math.max(0, ...depths);
    if (node.op === 'Switch') return deepest + 1;
    if (node.op === 'Exit') return Math.max(0, deepest - 1);
    if (node.op !== 'Merge') return deepest;
    const isLoop = inputsOf(node).some(
      (ref) => this.byName.get(nodeName(ref))?.op === 'NextIteration',
    );
    return isLoop ? deepest : Math.max(0, Math.min(...depths) - 1);
  }
}
