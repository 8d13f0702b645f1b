import {type GraphModel, loadGraphModel as loadStock} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {checkBackend, type NeededOps, neededOps} from './check_ops.js';
import {type FusionReport, fuseGraph, outputsOf} from './fuse_graph.js';
import type {GraphDef} from './graph_def.js';

/** A graph model that says in its metadata what was fused. */
export type FusedGraphModel = GraphModel & {readonly metadata: {layerNorm: FusionReport}};

/**
 * `tf.loadGraphModel` with layer and RMS normalisation fused, as `fuseGraph` does it.
 *
 * ```js
 * const model = await loadGraphModel('model.json');
 * model.metadata.layerNorm; // {fused: 2, patterns: {fusedBatchNorm: 2}}
 * ```
 *
 * @param source A URL, or a path where the backend knows paths (`file://` in Node), or an IOHandler.
 * @param options As for `tf.loadGraphModel`: requestInit, onProgress, fromTFHub, ….
 * @returns The model; its `metadata.layerNorm` is a `FusionReport`.
 * @throws Error As `fuseGraph` on loading, and where several handlers take the URL; when it runs on
 *     another backend than the one on which it was loaded: that lacks a kernel for one of its ops.
 */
export async function loadGraphModel(
  source: string | tf.io.IOHandler,
  options: tf.io.LoadOptions = {},
): Promise<FusedGraphModel> {
  const fused = fuseGraph(handlerOf(source, options));
  let needed: NeededOps = new Map();
  const load = async () => {
    const artifacts = await (fused.load as () => Promise<tf.io.ModelArtifacts>)();
    needed = neededOps(artifacts.modelTopology as GraphDef, outputsOf(artifacts));
    return artifacts;
  };
  const model = await loadStock({load});
  checkWhenRun(model, needed);
  return model as FusedGraphModel;
}

/**
 * A model may run on another backend than the one on which it was loaded: on each it is checked before its
 * first run.
 */
function checkWhenRun(model: GraphModel, needed: NeededOps): void {
  const checked = new Set<string>();
  const check = () => {
    const backend = tf.getBackend();
    if (!checked.has(backend)) checkBackend(needed);
    checked.add(backend);
  };
  const execute = model.execute.bind(model);
  const executeAsync = model.executeAsync.bind(model);
  model.execute = (...args) => {
    check();
    return execute(...args);
  };
  model.executeAsync = async (...args) => {
    check();
    return executeAsync(...args);
  };
}

function handlerOf(source: string | tf.io.IOHandler, options: tf.io.LoadOptions): tf.io.IOHandler {
  if (source == null || (typeof source !== 'string' && typeof source.load !== 'function')) {
    throw new Error(
      'loadGraphModel: a URL or an IOHandler with a function load must be given, ' +
        `but it is ${source === null ? 'null' : typeof source}.`,
    );
  }
  if (typeof source !== 'string') return source;
  const url = options.fromTFHub ? hubUrl(source) : source;
  const handlers = tf.io.getLoadHandlers(url, options);
  if (handlers.length > 1) {
    throw new Error(`loadGraphModel: ${handlers.length} handlers take the URL '${url}'.`);
  }
  return handlers[0] ?? tf.io.browserHTTPRequest(url, options);
}

/** The address that tfjs makes of a model's on TensorFlow Hub. */
function hubUrl(url: string): string {
  return `${url}${url.endsWith('/') ? '' : '/'}model.json?tfjs-format=file`;
}
