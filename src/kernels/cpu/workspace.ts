/**
 * Our WebAssembly module on a memory of its own. The kernels of `cpu` copy rows into it, as many at a
 * time as fit the processor's cache, and copy the results out. With SIMD that is several times faster
 * than loops over typed arrays, both copies included.
 */
import type {TypedArray} from '@tensorflow/tfjs-core';
import {type WasmFunctions, wasmFunctions} from '../wasm/module.js';

export interface Workspace {
  functions: WasmFunctions;
  /** The whole memory. This view is valid until the next workspace is opened. */
  floats: Float32Array;
  /** The byte offset at which each buffer starts, in the order in which they were asked for. */
  offsets: number[];
}

/** Numbers in 128 KiB, which the second-level cache of any processor holds. */
const cachefulOfFloats = 1 << 15;

/** A WebAssembly memory never shrinks, so it is not grown beyond this: longer rows go without it. */
const maxBytes = 1 << 26;

const pageBytes = 1 << 16;
const vectorBytes = 16;

/**
 * The memory and the functions, made at the first use for the whole process. `undefined` means that
 * this was not tried yet, `null` that WebAssembly cannot be had.
 */
let own: {memory: WebAssembly.Memory; functions: WasmFunctions} | null | undefined;

/** How many rows to copy in at a time, where each takes `floatsPerRow`. */
export function rowsAtATime(rows: number, floatsPerRow: number): number {
  return Math.min(rows, Math.max(1, Math.floor(cachefulOfFloats / floatsPerRow)));
}

/**
 * A workspace with float32 buffers of the given lengths; `undefined` where WebAssembly is missing
 * or the buffers are too long.
 */
export function openWorkspace(lengths: number[]): Workspace | undefined {
  own = own === undefined ? start() : own;
  const {offsets, end} = layOut(lengths);
  if (!own || end > maxBytes) return undefined;

  const {memory, functions} = own;
  const missingBytes = end - memory.buffer.byteLength;
  if (missingBytes > 0) memory.grow(Math.ceil(missingBytes / pageBytes));
  return {functions, floats: new Float32Array(memory.buffer), offsets};
}

function start(): typeof own {
  try {
    const memory = new WebAssembly.Memory({initial: 1});
    return {memory, functions: wasmFunctions(memory)};
  } catch {
    return null; // no WebAssembly, or a page whose security policy forbids it
  }
}

/**
 * Lays the buffers out one behind the other, each aligned to a vector. None starts at 0, which stands
 * for an absent buffer.
 */
function layOut(lengths: number[]): {offsets: number[]; end: number} {
  const offsets: number[] = [];
  let end = vectorBytes;
  for (const length of lengths) {
    offsets.push(end);
    end += vectorBytes * Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / vectorBytes);
  }
  return {offsets, end};
}

/** Copies elements `from` to `to` of `source` to the buffer at `offset`. */
export function copyIn(
  {floats}: Workspace,
  offset: number,
  source: TypedArray,
  from = 0,
  to = source.length,
): void {
  floats.set(source.subarray(from, to), offset / Float32Array.BYTES_PER_ELEMENT);
}

/** Copies the buffer at `offset` to elements `from` to `to` of `target`. */
export function copyOut(
  {floats}: Workspace,
  offset: number,
  target: Float32Array,
  from = 0,
  to = target.length,
): void {
  const start = offset / Float32Array.BYTES_PER_ELEMENT;
  target.set(floats.subarray(start, start + to - from), from);
}
