/** From a handler that loads a graph model to one that loads it with its normalisation fused. */
import type * as tf from '@tensorflow/tfjs-core';
import {mendMatMul} from '../mended/mat_mul.js';
import {mendVectorOperands} from '../mended/vector_operands.js';
import {checkBackend, checkKnown, neededOps, standingOf} from './check_ops.js';
import {type Constants, readConstants} from './constants.js';
import {withoutControlInputs} from './control_inputs.js';
import {flattenParams} from './flat_params.js';
import {withGraphRefs} from './function_refs.js';
import {
  allNodes,
  checkGraphDef,
  type FunctionDef,
  type GraphDef,
  mapNodes,
  nodeName,
} from './graph_def.js';
import {GraphIndex} from './graph_index.js';
import {withoutHalfOverflow} from './half_overflow.js';
import {inlineCalls} from './inline_calls.js';
import type {Match, PatternName} from './match.js';
import {findMatches, replaceMatches} from './rewrite.js';
import {supplyOps} from './supply.js';

/** What was fused: in the loaded model's `metadata.layerNorm`. */
export interface FusionReport {
  /** How many normalisations were replaced, in the graph and its functions. */
  fused: number;
  /** How many of each pattern; those that are not there are left out. */
  patterns: Partial<Record<PatternName, number>>;
}

/**
 * Wraps a handler that loads a graph model. The wrapper finds layer and RMS normalisation in the
 * graph and in its functions, as Keras 2, Keras 3 and Flax write them, and puts one op in place of
 * each. Everything else is left as it was, and so is what `handler` itself loads.
 *
 * The model computes the same values, also where stock tfjs does not: a Keras 2 layer is a
 * FusedBatchNormV3 in the graph, on which `tf.loadGraphModel` alone throws or gives NaN. Nodes that
 * were inside of a normalisation can no longer be asked for by name.
 *
 * ```js
 * const model = await tf.loadGraphModel(fuseGraph(tf.io.http('model.json')));
 * model.metadata.layerNorm; // {fused: 2, patterns: {fusedBatchNorm: 2}}
 * ```
 *
 * @param handler Any IOHandler with `load`, asynchronous or not.
 * @returns A handler of the same kind, with `load` alone. What it loads has a `FusionReport` as
 *     `userDefinedMetadata.layerNorm`. A weight stream is read to its end.
 * @throws Error The handler has no `load`; on loading: the model is no graph model, a node takes one
 *     that is not there, or there are fewer weights than the model says; an op on the way to the outputs
 *     is one that neither tfjs nor this package has, or for which the current backend lacks a kernel.
 */
export function fuseGraph<Handler extends tf.io.IOHandler | tf.io.IOHandlerSync>(
  handler: Handler,
): Handler {
  if (typeof handler?.load !== 'function') {
    throw new Error('fuseGraph: the handler must be an IOHandler with a function load.');
  }
  const load = () => {
    const loading = (handler.load as () => LoadResult)();
    return isPromise(loading) ? loading.then(fuseLoaded) : fuseArtifacts(loading);
  };
  return {load} as Handler;
}

type LoadResult = tf.io.ModelArtifacts | Promise<tf.io.ModelArtifacts>;

function isPromise(value: LoadResult): value is Promise<tf.io.ModelArtifacts> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}

/** The axes and epsilons are among the weights, so that a stream of them is needed whole. */
async function fuseLoaded(artifacts: tf.io.ModelArtifacts): Promise<tf.io.ModelArtifacts> {
  const stream = artifacts?.getWeightStream;
  if (!stream) return fuseArtifacts(artifacts);
  const weightData: ArrayBuffer[] = [];
  const reader = (await stream.call(artifacts)).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    // Readers of responses give views, though the type says buffers.
    weightData.push(new Uint8Array(part.value).buffer);
  }
  return fuseArtifacts({...artifacts, weightData, getWeightStream: undefined});
}

function fuseArtifacts(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  const whole = checkGraphDef(artifacts?.modelTopology);
  const outputs = outputsOf(artifacts);
  const graph = plain(whole, outputs);
  const constants = readConstants(artifacts.weightSpecs ?? [], artifacts.weightData ?? []);
  const {fusedGraph, matches} = fuse(graph, outputs, constants);
  const {graph: flatGraph, specs} = flattenParams(fusedGraph, artifacts.weightSpecs ?? [], outputs);
  const weightData =
    artifacts.weightData && withoutHalfOverflow(graph, specs, constants, artifacts.weightData);
  const modelTopology = runnable(flatGraph, outputs, constants);
  const layerNorm = report(matches);
  console.debug(`tfjs-layernorm: fused ${layerNorm.fused} of the normalisations in the graph.`);
  return {
    ...artifacts,
    modelTopology,
    weightSpecs: [...specs],
    weightData,
    userDefinedMetadata: {...artifacts.userDefinedMetadata, layerNorm},
  };
}

/** Without calls of functions and without control inputs, which no later step has to think of. */
function plain(graph: GraphDef, outputs: ReadonlySet<string>): GraphDef {
  const functions = graph.library?.function;
  const named = functions
    ? {...graph, library: {...graph.library, function: functions.map(withGraphRefs)}}
    : graph;
  return mapNodes(inlineCalls(named, outputs), withoutControlInputs);
}

/** The graph with the ops that this package supplies. @throws Error An op cannot run. */
function runnable(graph: GraphDef, outputs: ReadonlySet<string>, constants: Constants): GraphDef {
  const standing = standingOf(allNodes(graph).map(({op}) => op));
  const supplied = supplyOps(graph, constants, (op) => standing?.(op) === 'registered');
  const needed = neededOps(supplied, outputs);
  const own = standingOf(needed.keys());
  if (own) checkKnown(needed, own);
  checkBackend(needed);
  // Choices (`tf.where`) are among the supplied ops.
  mendMatMul();
  mendVectorOperands();
  return supplied;
}

function fuse(
  graph: GraphDef,
  outputs: ReadonlySet<string>,
  constants: Constants,
): {fusedGraph: GraphDef; matches: Match[]} {
  const all: Match[] = [];
  const fusedGraph = mapNodes(graph, (nodes, f) => {
    const index = new GraphIndex(nodes, constants, f ? outputsOfFunction(f) : outputs);
    const matches = findMatches(index);
    all.push(...matches);
    return replaceMatches(index, matches);
  });
  return {fusedGraph, matches: all};
}

/** Names of the nodes whose values the model's signature asks for. */
export function outputsOf({signature, userDefinedMetadata}: tf.io.ModelArtifacts): Set<string> {
  const signatures = [signature, userDefinedMetadata?.signature] as (
    | {outputs?: Record<string, {name?: unknown} | null>}
    | null
    | undefined
  )[];
  const outputs = signatures.flatMap((s) => Object.values(s?.outputs ?? {}));
  return new Set(outputs.flatMap((o) => (typeof o?.name === 'string' ? [nodeName(o.name)] : [])));
}

function outputsOfFunction({ret, controlRet}: FunctionDef): Set<string> {
  return new Set([...Object.values(ret ?? {}), ...Object.values(controlRet ?? {})].map(nodeName));
}

function report(matches: readonly Match[]): FusionReport {
  const patterns: FusionReport['patterns'] = {};
  for (const {pattern} of matches) patterns[pattern] = (patterns[pattern] ?? 0) + 1;
  return {fused: matches.length, patterns};
}
