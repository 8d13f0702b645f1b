/** Registers a kernel of every name for every backend, and decides which one serves in a call. */
import * as tf from '@tensorflow/tfjs-core';
import type {FusedBackend, Obstacle} from './backend.js';
import {composed} from './composed/index.js';
import {type KernelName, type Kernels, LayerNorm, LayerNormGrad} from './contract.js';
import {cpu} from './cpu/index.js';
import {noticeSubstitute} from './notice.js';
import {withoutAbsent} from './placeholder.js';
import {tensorflow} from './tensorflow/index.js';
import {wasm} from './wasm/index.js';
import {webgl} from './webgl/index.js';
import {webgpu} from './webgpu/index.js';

/** tfjs hands a kernel the instance of its own backend; to the compiler they are of many classes. */
type AnyBackend = FusedBackend<never>;
type AnyKernel = Kernels<never>[KernelName];

const FUSED_BACKENDS: readonly AnyBackend[] = [cpu, tensorflow, wasm, webgl, webgpu];

const KERNEL_NAMES = Object.keys(composed) as KernelName[];

/** Backends that run on composed kernels, in this process and whichever copy of the package. */
const composedBackends: Set<string> = sharedSet('tfjsLayerNormComposedBackends');

/** The notices that were given: each is given once. */
const noticed = new Set<string>();

/** Registers our fused kernels. Safe to repeat: a kernel that is there already stays. */
export function registerKernels(): void {
  for (const fused of FUSED_BACKENDS) registerFor(fused.name, fused);
}

/** Sees to it that the current backend can run our kernels; says so once where they are composed. */
export function ensureKernels(): void {
  const backendName = tf.getBackend();
  const isMissing = (name: KernelName) => !tf.getKernel(name, backendName);
  if (!KERNEL_NAMES.some(isMissing)) return;
  const fused = fusedFor(backendName, tf.backend());
  if (!fused && (isMissing(LayerNorm) || isMissing(LayerNormGrad))) {
    composedBackends.add(backendName);
    noticeSubstitute(`the backend '${backendName}'`);
  }
  registerFor(backendName, fused);
}

/** Which kernel computes layer normalisation on a backend, and why. */
export interface KernelReport {
  /** The name under which tfjs knows the backend. */
  backend: string;
  /**
   * `fused`: one kernel made for the backend. `cpu`: the kernel of the backend `cpu`, on the tensor's
   * values in the host's memory. `composed`: several ops of tfjs.
   */
  kernel: 'fused' | 'cpu' | 'composed';
  /** Why it is not the fused one; absent where it is. */
  reason?: string;
  /** What can be done about it, where anything can: whole sentences. */
  advice?: string;
}

/**
 * Which kernel computes layer normalisation on each backend that is registered with tfjs, and why it
 * is not the fused one. Sets no backend up: one that has not been used yet is judged by what can be
 * known of it.
 *
 * ```js
 * kernelReport(); // [{backend: 'cpu', kernel: 'fused'}]
 * ```
 *
 * @returns A report for each backend, in the order in which they were registered.
 */
export function kernelReport(): KernelReport[] {
  const engine = tf.engine();
  return engine.backendNames().map((name) => reportOf(name, engine.registry[name] ?? null));
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
  return reportOf(backendName, tf.findBackend(backendName)).kernel === 'fused';
}

function reportOf(backend: string, instance: unknown): KernelReport {
  const fused = fusedFor(backend, instance);
  if (fused) {
    const {standIn, reason, advice} = obstacleOf(fused, instance) ?? {standIn: 'fused'};
    return {backend, kernel: standIn, ...(reason && {reason}), ...(advice && {advice})};
  }
  if (tf.getKernel(LayerNorm, backend) && !composedBackends.has(backend)) {
    return {backend, kernel: 'fused'}; // somebody else's
  }
  return {backend, kernel: 'composed', reason: 'there is no fused kernel for this backend'};
}

/** Our kernels for a backend: those of its name, or of its kind where it has another name. */
function fusedFor(backendName: string, instance: unknown): AnyBackend | undefined {
  return (
    FUSED_BACKENDS.find(({name}) => name === backendName) ??
    FUSED_BACKENDS.find(({includes}) => instance && includes?.(instance))
  );
}

/** Registers a kernel of each name under a backend's name, where there is none yet. */
function registerFor(backendName: string, fused?: AnyBackend): void {
  for (const name of KERNEL_NAMES) {
    if (!tf.getKernel(name, backendName)) tf.registerKernel(kernelConfig(name, backendName, fused));
  }
}

/** What tfjs registers; without `fused` it runs the kernel's default. */
export function kernelConfig(
  kernelName: KernelName,
  backendName: string,
  fused?: AnyBackend,
): tf.KernelConfig {
  const kernelFunc = ({inputs, attrs, backend}: Parameters<tf.KernelFunc>[0]) => {
    const given = withoutAbsent(inputs);
    const {kernel, on} = fused
      ? chosen(kernelName, fused, backend as never, Object.values(given))
      : {kernel: composed[kernelName], on: backend};
    return kernel({inputs: given as never, attrs: attrs as never, backend: on as never});
  };
  return {kernelName, backendName, kernelFunc: kernelFunc as unknown as tf.KernelFunc};
}

/** The kernel that is to compute with these inputs, and the backend in the form that it takes. */
function chosen(
  name: KernelName,
  fused: AnyBackend,
  backend: never,
  inputs: tf.TensorInfo[],
): {kernel: AnyKernel; on: unknown} {
  const obstacle = obstacleOf(fused, backend);
  const isOnHost = obstacle ? obstacle.standIn === 'cpu' : fused.prefersHost?.(backend, inputs);
  const onHost = isOnHost ? cpu.kernels[name] : undefined;
  if (onHost && fused.onHost) return {kernel: onHost, on: fused.onHost(backend)};
  const own = obstacle ? undefined : fused.kernels[name];
  return {kernel: own ?? composed[name], on: backend};
}

/** What keeps a backend's own kernels from running on it; a notice says so once. */
function obstacleOf(fused: AnyBackend, backend: unknown): Obstacle | undefined {
  const obstacle = fused.obstacle?.(backend as never);
  const key = `${fused.name}: ${obstacle?.reason}`;
  if (obstacle && backend && !noticed.has(key)) {
    noticed.add(key);
    const substitute = obstacle.standIn === 'cpu' ? "the kernel of 'cpu' serves" : undefined;
    noticeSubstitute(
      `the backend '${fused.name}' (${obstacle.reason})`,
      substitute,
      obstacle.advice,
      obstacle.values,
    );
  }
  return obstacle;
}

function sharedSet(name: string): Set<string> {
  const shared = globalThis as unknown as Record<string, Set<string> | undefined>;
  shared[name] ??= new Set();
  return shared[name];
}
