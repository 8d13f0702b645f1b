/** Refuses a graph with an op that cannot run, when it is loaded and not when it is first used. */
import {GraphModel} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {type GraphDef, inputsOf, type NodeDef, nodeName} from './graph_def.js';
import {SUPPLIED_OPS, suppliedName} from './ops/index.js';

/** How tfjs runs an op: by itself, by a function that somebody registered, or not at all. */
export type Standing = 'tfjs' | 'registered' | 'unknown';

/**
 * What tfjs makes of each op. There is no function to ask, but a graph model of one node each shows it.
 * Absent: another version of tfjs, which does not show it.
 */
export function standingOf(ops: Iterable<string>): ((op: string) => Standing) | undefined {
  const all = [...new Set(ops)];
  const node = all.map((op, i) => ({name: `op${i}`, op}));
  const load = () => ({
    modelTopology: {node, versions: {}},
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  });
  const model = new GraphModel({load} as tf.io.IOHandlerSync);
  model.load();
  type Executor = {graph?: {nodes?: Record<string, {category?: string} | undefined>}};
  const nodes = (model as unknown as {executor?: Executor}).executor?.graph?.nodes;
  if (!nodes) return undefined;
  const categories = new Map(all.map((op, i) => [op, nodes[`op${i}`]?.category]));
  return (op) => {
    const category = categories.get(op);
    if (category === undefined) return 'unknown';
    return category === 'custom' ? 'registered' : 'tfjs';
  };
}

/** Kernels that an op of tfjs needs and that not every backend has. */
const KERNELS: Readonly<Record<string, readonly string[]>> = {
  BitwiseAnd: ['BitwiseAnd'],
  Complex: ['Complex'],
  ComplexAbs: ['ComplexAbs'],
  DenseBincount: ['DenseBincount'],
  FFT: ['FFT', 'Complex'],
  IFFT: ['IFFT', 'Complex'],
  IRFFT: ['IFFT', 'Complex', 'Real', 'Imag'],
  Imag: ['Imag'],
  ImageProjectiveTransformV3: ['Transform'],
  LowerBound: ['SearchSorted'],
  MaxPoolWithArgmax: ['MaxPoolWithArgmax'],
  NonMaxSuppressionV4: ['NonMaxSuppressionV4'],
  RFFT: ['FFT', 'Complex', 'Real', 'Imag'],
  Real: ['Real'],
  SparseFillEmptyRows: ['SparseFillEmptyRows'],
  SparseReshape: ['SparseReshape'],
  SparseSegmentMean: ['SparseSegmentMean'],
  SparseSegmentSum: ['SparseSegmentSum'],
  StaticRegexReplace: ['StaticRegexReplace'],
  StringNGrams: ['StringNGrams'],
  StringSplit: ['StringSplit'],
  StringToHashBucketFast: ['StringToHashBucketFast'],
  Unique: ['Unique'],
  UniqueV2: ['Unique'],
  UpperBound: ['SearchSorted'],
  ...Object.fromEntries(
    Object.entries(SUPPLIED_OPS).map(([op, {kernels = []}]) => [suppliedName(op), kernels]),
  ),
};

/** What of a graph must run for its outputs: the ops, and the name of a node with each. */
export type NeededOps = ReadonlyMap<string, string>;

/**
 * The ops before the outputs. What stands in a conditional branch or in a function is left out: it may
 * never run.
 */
export function neededOps(graph: GraphDef, outputs: ReadonlySet<string>): NeededOps {
  const byName = new Map(graph.node.map((node) => [node.name, node]));
  const ways = outputs.size > 0 ? [...outputs] : unused(graph.node);
  const seen = new Set(ways);
  const ops = new Map<string, string>();
  for (let name = ways.pop(); name !== undefined; name = ways.pop()) {
    const node = byName.get(name);
    if (!node) continue;
    if (!ops.has(node.op)) ops.set(node.op, node.name);
    if (node.op === 'Merge') continue;
    for (const input of inputsOf(node).map(nodeName)) {
      if (!seen.has(input)) ways.push(input);
      seen.add(input);
    }
  }
  return ops;
}

/** The nodes that tfjs takes for the outputs of a model without a signature. */
function unused(nodes: readonly NodeDef[]): string[] {
  const used = new Set(nodes.flatMap(inputsOf).map(nodeName));
  return nodes.flatMap(({name}) => (used.has(name) ? [] : [name]));
}

/** @throws Error tfjs does not know an op, and nobody has registered it. */
export function checkKnown(ops: NeededOps, standing: (op: string) => Standing): void {
  const missing = [...ops].filter(([op]) => standing(op) === 'unknown');
  if (missing.length === 0) return;
  const list = missing.map(([op, node]) => `${op} (the node '${node}')`).join(', ');
  throw new Error(
    `fuseGraph: the graph has ops that neither tfjs nor tfjs-layernorm can run: ${list}. ` +
      'Register each with tf.registerOp before loading, or export the model without them.',
  );
}

/** @throws Error The current backend lacks a kernel that an op needs. */
export function checkBackend(ops: NeededOps): void {
  const backend = tf.getBackend();
  if (!backend) return; // None is set up yet: the check follows when the model runs.
  const lacking = [...ops].flatMap(([op, node]) => {
    const kernels = Object.hasOwn(KERNELS, op) ? KERNELS[op] : [];
    const missing = kernels.filter((kernel) => !tf.getKernel(kernel, backend));
    return missing.length > 0 ? [{op: op.replace('Tfjs', ''), node, missing}] : [];
  });
  if (lacking.length === 0) return;
  const list = lacking
    .map(({op, node, missing}) => `${op} (the node '${node}', kernel ${missing.join(', ')})`)
    .join(', ');
  throw new Error(
    `fuseGraph: the backend '${backend}' cannot run these ops of the graph: ${list}. ` +
      `Choose another backend with tf.setBackend: ${ableToRun(lacking)}.`,
  );
}

function ableToRun(lacking: {missing: string[]}[]): string {
  const kernels = lacking.flatMap(({missing}) => missing);
  const able = ['cpu', 'wasm', 'webgl', 'webgpu', 'tensorflow'].filter((name) =>
    kernels.every((kernel) => tf.getKernel(kernel, name)),
  );
  return able.length > 0 ? `${able.join(', ')} has them` : 'none that is registered has them';
}
