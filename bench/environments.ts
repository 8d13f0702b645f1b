/**
 * Where contenders are measured against each other: each environment is a process of its own, with
 * one backend of tfjs and as many threads as it says.
 */
import {availableParallelism} from 'node:os';
import {type Backend, STEPS} from '../tools/backends.mjs';
import type {Environment} from './types.js';

/** Native libraries keep the memory they free: no contender pays for fresh pages, whoever it is. */
const RECYCLED_MEMORY = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 40),
  MALLOC_TOP_PAD_: String(2 ** 26),
};

/** The environments of some backends. */
export function environments(backends: readonly Backend[]): Environment[] {
  const all = availableParallelism();
  const node = (name: string, backend: Backend, threads: number, env = {}): Environment => ({
    ...{name, backend, threads, host: 'node', steps: STEPS[backend]},
    env: {...RECYCLED_MEMORY, ...env},
  });
  const page = (name: string, backend: Backend, threads: number): Environment => ({
    ...{name, backend, threads, host: 'page', steps: ['browser'], env: {}},
  });
  const tensorflow = (name: string, threads: number, env = {}) =>
    node(name, 'tensorflow', threads, {
      TF_NUM_INTRAOP_THREADS: String(threads),
      OMP_NUM_THREADS: String(threads),
      TF_CPP_MIN_LOG_LEVEL: '2',
      ...env,
    });
  const list = [
    node('cpu', 'cpu', 1),
    node('wasm, 1 thread', 'wasm', 1),
    page(`wasm, ${all} threads`, 'wasm', all),
    tensorflow('tensorflow, 1 thread', 1),
    tensorflow(`tensorflow, ${all} threads`, all),
    // The same package where its addon cannot be had: the kernel of cpu serves.
    tensorflow(`tensorflow, ${all} threads, no addon`, all, {BENCH_WITHOUT_ADDON: '1'}),
    page('webgl', 'webgl', 1),
    page('webgpu', 'webgpu', 1),
  ];
  return list.filter(
    ({backend, threads, host}) =>
      backends.includes(backend) &&
      !(all === 1 && threads === 1 && host === 'page' && backend === 'wasm'),
  );
}
