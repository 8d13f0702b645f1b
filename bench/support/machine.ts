/** What the numbers were measured on. */
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import {setTimeout} from 'node:timers/promises';
import type {Machine} from '../types.js';

const WATCH_MS = 5000;

const PACKAGES = [
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgpu',
  'onnxruntime-node',
  'onnxruntime-web',
];

export function describeMachine(): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    vectors: vectorInstructions(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}, ${os.arch()}`,
    node: process.version,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

/**
 * How many cores others keep busy, watched for some seconds before the first run: the system's load
 * average would still have the set-up in it.
 */
export async function busyCores(): Promise<number> {
  const before = busyMs();
  await setTimeout(WATCH_MS);
  return (busyMs() - before) / WATCH_MS;
}

/** What all cores together have worked so far. */
function busyMs(): number {
  const each = os.cpus().map(({times: {user, nice, sys, irq}}) => user + nice + sys + irq);
  return each.reduce((sum, ms) => sum + ms, 0);
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')).version;
    } catch {
      // looked for in the next folder
    }
  }
  return 'not installed';
}

/** The widest that the processor has, where the system tells (Linux). */
function vectorInstructions(): string {
  try {
    const flags = readFileSync('/proc/cpuinfo', 'utf8');
    if (/\bavx512f\b/.test(flags)) return 'AVX-512';
    if (/\bavx2\b/.test(flags)) return 'AVX2';
    return 'other';
  } catch {
    return 'unknown';
  }
}
