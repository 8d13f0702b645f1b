/** Registers the kernels of every backend, and the composed ones where a backend has none. */
import * as tf from '@tensorflow/tfjs-core';
import {layerNormConfigComposed} from './composed/layer_norm.js';
import {layerNormGradConfigComposed} from './composed/layer_norm_grad.js';
import {LayerNorm, LayerNormGrad} from './contract.js';
import {layerNormConfigCpu} from './cpu/layer_norm.js';
import {layerNormGradConfigCpu} from './cpu/layer_norm_grad.js';
import {noticeSubstitute} from './notice.js';
import {hasAddon, type NodeJSKernelBackend} from './tensorflow/addon.js';
import {layerNormConfigTensorflow} from './tensorflow/layer_norm.js';
import {layerNormGradConfigTensorflow} from './tensorflow/layer_norm_grad.js';
import {layerNormConfigWasm} from './wasm/layer_norm.js';
import {layerNormGradConfigWasm} from './wasm/layer_norm_grad.js';
import {layerNormConfigWebgl} from './webgl/layer_norm.js';
import {layerNormGradConfigWebgl} from './webgl/layer_norm_grad.js';
import {hasWebgl2} from './webgl/version.js';
import {layerNormConfigWebgpu} from './webgpu/layer_norm.js';
import {layerNormGradConfigWebgpu} from './webgpu/layer_norm_grad.js';

const fusedKernels: tf.KernelConfig[] = [
  layerNormConfigCpu,
  layerNormGradConfigCpu,
  layerNormConfigTensorflow,
  layerNormGradConfigTensorflow,
  layerNormConfigWasm,
  layerNormGradConfigWasm,
  layerNormConfigWebgl,
  layerNormGradConfigWebgl,
  layerNormConfigWebgpu,
  layerNormGradConfigWebgpu,
];

/** Backends that run on composed kernels, in this process and whichever copy of the package. */
const composedBackends: Set<string> = sharedSet('tfjsLayerNormComposedBackends');

/** Registers our fused kernels. Safe to repeat: a kernel that is there already stays. */
export function registerKernels(): void {
  for (const config of fusedKernels) registerOnce(config);
}

/** Sees to it that the current backend can run our kernels; says so once where they are composed. */
export function ensureKernels(): void {
  const backendName = tf.getBackend();
  if (tf.getKernel(LayerNorm, backendName) && tf.getKernel(LayerNormGrad, backendName)) return;
  registerOnce(layerNormConfigComposed(backendName));
  registerOnce(layerNormGradConfigComposed(backendName));
  composedBackends.add(backendName);
  noticeSubstitute(`the backend '${backendName}'`);
}

/**
 * Whether layer normalisation runs as one fused kernel on a backend.
 *
 * ```js
 * usesFusedKernel('cpu'); // true
 * usesFusedKernel('no-such-backend'); // false
 * ```
 *
 * @param backendName A backend's name, registered or not. Default: the current backend.
 * @returns `true` for a fused kernel made for the backend; `false` where another stands in, with the
 *     same values: several tfjs ops, or on `tensorflow` without its addon the kernel of `cpu`.
 */
export function usesFusedKernel(backendName: string = tf.getBackend()): boolean {
  if (backendName === 'tensorflow') return hasTensorflowAddon();
  if (backendName === 'webgl' && tf.findBackend('webgl') && !hasWebgl2()) return false;
  return tf.getKernel(LayerNorm, backendName) != null && !composedBackends.has(backendName);
}

/** Others stand in for the kernels of this backend where its addon is missing. */
function hasTensorflowAddon(): boolean {
  const backend = tf.findBackend('tensorflow') as NodeJSKernelBackend | null;
  return backend != null && hasAddon(backend);
}

function registerOnce(config: tf.KernelConfig): void {
  if (!tf.getKernel(config.kernelName, config.backendName)) tf.registerKernel(config);
}

function sharedSet(name: string): Set<string> {
  const shared = globalThis as unknown as Record<string, Set<string> | undefined>;
  shared[name] ??= new Set();
  return shared[name];
}
