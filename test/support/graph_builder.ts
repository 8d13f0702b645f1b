/** Writes small graph models by hand: nodes and their constants, as the converter would. */
import type {io} from '@tensorflow/tfjs-core';
import type {AttrValue, NodeDef} from '../../src/graph/graph_def.js';

export class GraphBuilder {
  readonly nodes: NodeDef[] = [];
  private readonly specs: io.WeightsManifestEntry[] = [];
  private readonly data: ArrayBuffer[] = [];

  input(name: string): string {
    this.nodes.push({
      name,
      op: 'Placeholder',
      attr: {dtype: {type: 'DT_FLOAT'}, shape: {} as AttrValue},
    });
    return name;
  }

  /** A scalar for a number, else one dimension, if no shape is given. */
  floats(name: string, values: number | ArrayLike<number>, shape?: number[]): string {
    return this.constant(name, 'float32', values, shape);
  }

  integers(name: string, values: number | ArrayLike<number>, shape?: number[]): string {
    return this.constant(name, 'int32', values, shape);
  }

  op(op: string, name: string, input: string[], attr: Record<string, AttrValue> = {}): string {
    this.nodes.push({name, op, input, attr: {T: {type: 'DT_FLOAT'}, ...attr}});
    return name;
  }

  /** The node of that name. */
  node(name: string): NodeDef {
    const node = this.nodes.find((n) => n.name === name);
    if (!node) throw new Error(`There is no node '${name}'.`);
    return node;
  }

  artifacts(outputs: string[]): io.ModelArtifacts {
    const signature = {
      inputs: {},
      outputs: Object.fromEntries(outputs.map((name) => [name, {name: `${name}:0`}])),
    };
    return {
      modelTopology: {node: this.nodes, versions: {producer: 1, minConsumer: 1}},
      signature,
      weightSpecs: this.specs,
      weightData: this.data,
      format: 'graph-model',
    };
  }

  private constant(
    name: string,
    dtype: 'float32' | 'int32',
    values: number | ArrayLike<number>,
    shape?: number[],
  ): string {
    const list = typeof values === 'number' ? [values] : Array.from(values);
    const bytes = dtype === 'float32' ? new Float32Array(list) : new Int32Array(list);
    this.nodes.push({name, op: 'Const', attr: {}});
    const ownShape = shape ?? (typeof values === 'number' ? [] : [list.length]);
    this.specs.push({name, dtype, shape: ownShape});
    this.data.push(bytes.buffer as ArrayBuffer);
    return name;
  }
}
