/** The page of an environment in a browser; `page_host.ts` calls `runBench`. */
import * as tf from '@tensorflow/tfjs';
import {setThreadsCount, setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import * as library from 'tfjs-layernorm';
import {loadGraphModel} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {copy} from './contenders/copy.js';
import {builtIn, ours} from './contenders/layers.js';
import {onnxRuntimeWeb} from './contenders/onnxruntime_web.js';
import {addThenOp, op} from './contenders/op.js';
import {measure} from './measure.js';
import {gpuCallCounter} from './support/gpu_calls.js';
import type {Environment, EnvironmentReport, LiteRt, Progress, Request} from './types.js';

declare global {
  interface Window {
    runBench(request: Request & {environment: Environment}): Promise<EnvironmentReport>;
    onBenchProgress(progress: Progress): void;
  }
}

/** The build of onnxruntime-web to compare with and its provider, by backend. */
const ONNX_RUNTIME: Record<string, {address: string; provider: string}> = {
  wasm: {address: '/onnxruntime/ort.wasm.min.mjs', provider: 'wasm'},
  webgl: {address: '/onnxruntime/ort.webgl.min.mjs', provider: 'webgl'},
  webgpu: {address: '/onnxruntime/ort.webgpu.min.mjs', provider: 'webgpu'},
};

/** LiteRT.js is a bundle of its own, as `page_host.ts` makes it, and the folder of its WebAssembly. */
const LITE_RT = {module: '/litert.js', folder: '/litert_wasm/'};

window.runBench = async ({environment, tasks, limits, peers}) => {
  const {backend, threads} = environment;
  let started: Promise<unknown> | undefined; // it refuses to be loaded twice
  const countCalls = gpuCallCounter(tf, backend);
  // Inputs made here would stay on the CPU, where a model's activations are on the GPU.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.env().set('WEBGL_CPU_FORWARD', false);
  setWasmPaths('/tfjs-wasm/');
  if (backend === 'wasm') setThreadsCount(threads);
  if (!(await tf.setBackend(backend))) throw new Error(`The backend '${backend}' did not start.`);

  const contenders = [ours, op, addThenOp, builtIn, onnxRuntimeWeb, copy].filter(
    ({peer}) => !peer || peers.includes(peer),
  );
  const given = {tf, library, loadGraphModel, loadKerasModel};
  const context = {...given, backend, threads, onGpu: backend !== 'wasm', limits, countCalls};
  const report = await measure(
    {...context, loadOnnxRuntime, loadLiteRt},
    contenders,
    tasks,
    (progress) => window.onBenchProgress(progress),
  );
  return {...report, isFused: library.usesFusedKernel()};

  async function loadOnnxRuntime() {
    const {address, provider} = ONNX_RUNTIME[backend];
    const module = await import(address);
    const ort = module.default ?? module;
    ort.env.wasm.wasmPaths = '/onnxruntime/';
    return {ort, provider};
  }

  async function loadLiteRt() {
    const liteRt: LiteRt = await import(LITE_RT.module);
    started ??= liteRt.loadLiteRt(LITE_RT.folder, {threads: threads > 1});
    await started;
    return liteRt;
  }
};
