/** The tfjs backends: which of them this browser has, and starting one. */

import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';

export const backendNames = ['webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

export const backendTitles: Record<BackendName, string> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
};

export interface Availability {
  isThere: boolean;
  /** A graphics backend that is computed by the processor all the same: slower than wasm. */
  isSoftware: boolean;
}

/** What this browser has. Starts no backend. */
export async function availability(): Promise<Record<BackendName, Availability>> {
  return {
    webgpu: await webgpu(),
    webgl: webgl(),
    wasm: {isThere: typeof WebAssembly === 'object', isSoftware: false},
    cpu: {isThere: true, isSoftware: false},
  };
}

async function webgpu(): Promise<Availability> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (!adapter) return {isThere: false, isSoftware: false};
  const {isFallbackAdapter, architecture} = adapter.info;
  return {isThere: true, isSoftware: isFallbackAdapter || architecture === 'swiftshader'};
}

function webgl(): Availability {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return {isThere: false, isSoftware: false};
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return {isThere: true, isSoftware: /swiftshader|llvmpipe|software/i.test(renderer)};
}

/** Loads a backend's code and starts it, in the page or in a worker. @throws Error It does not start. */
export async function startBackend(name: BackendName): Promise<void> {
  if (tf.getBackend() === name) return;
  if (name === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (name === 'webgl') await import('@tensorflow/tfjs-backend-webgl');
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  if (name === 'wasm') await loadWasm();
  if (!(await tf.setBackend(name))) {
    throw new Error(`The backend ${backendTitles[name]} did not start in this browser.`);
  }
}

/** `tf.tidy`, once the backend runs: another may be about to start. */
export async function tidyWhenReady<T extends tf.TensorContainer>(compute: () => T): Promise<T> {
  await tf.ready();
  return tf.tidy(compute);
}

async function loadWasm(): Promise<void> {
  const {setWasmPaths} = await import('@tensorflow/tfjs-backend-wasm');
  // The models here are too small for threads, which need a server with special headers.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainWasm,
    'tfjs-backend-wasm-simd.wasm': simdWasm,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
  });
}
