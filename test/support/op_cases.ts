/** Single ops with TensorFlow's values, and graphs of one node that run them. */
import type {AttrValue} from '../../src/graph/graph_def.js';
import cases from '../fixtures/graph_ops.json';
import {GraphBuilder} from './graph_builder.js';

interface Values {
  shape: number[];
  dtype: string;
  values: number[];
}

export interface OpCase {
  name: string;
  op: string;
  inputs: Values[];
  attrs: Record<string, AttrValue>;
  y: Values;
}

export const opCases = (cases as unknown as Omit<OpCase, 'name'>[]).map(
  (c, i): OpCase => ({...c, name: `${i}: ${c.op}`}),
);

const DTYPES: Record<string, 'DT_FLOAT' | 'DT_INT32' | 'DT_BOOL'> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
};

/** The name of a case's input in its graph. */
export const inputName = (i: number) => `x${i}`;

/** A graph with the node `out` alone, and an input for each of the case's. */
export function graphOfCase({op, inputs, attrs}: OpCase): GraphBuilder {
  const graph = new GraphBuilder();
  const names = inputs.map(({dtype}, i) => {
    const name = graph.input(inputName(i));
    graph.node(name).attr = {dtype: {type: DTYPES[dtype]}, shape: {} as AttrValue};
    return name;
  });
  // It says by its presence that the graph masks with such numbers.
  if (inputs.some(({values}) => values.some((value) => Math.abs(value) > 1e20))) {
    graph.floats('huge', -3e38);
  }
  graph.op(op, 'out', names, attrs);
  return graph;
}
