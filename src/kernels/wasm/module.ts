/** Our WebAssembly module (`assembly/`): which variant of it, and its functions over a memory. */
import {moduleBytes} from './module_bytes.js';

export type Variant = keyof typeof moduleBytes;

/**
 * The module's functions, with the arguments' names of `assembly/`. A buffer is a byte offset into the
 * memory, 0 where it is absent.
 */
export interface WasmFunctions {
  layerNorm(
    x: number, // [rows, cols]
    gamma: number, // [cols]
    beta: number, // [cols]
    y: number, // [rows, cols]; may be x
    stats: number, // [rows, 2]
    rows: number,
    cols: number,
    epsilon: number,
    center: boolean,
  ): void;
  addLayerNorm(
    x: number, // [rows, cols]
    residual: number, // [rows, cols]
    total: number, // [rows, cols], x + residual; may be x or residual
    gamma: number, // [cols]
    beta: number, // [cols]
    y: number, // [rows, cols]; may be x or residual, but not total
    stats: number, // [rows, 2]
    rows: number,
    cols: number,
    epsilon: number,
    center: boolean,
  ): void;
  /** Adds the rows' parts of dγ and dβ to `dgammaSum` and `dbetaSum`. */
  layerNormGrad(
    dy: number, // [rows, cols]
    x: number, // [rows, cols]
    stats: number, // [rows, 2]
    gamma: number, // [cols]
    dx: number, // [rows, cols]; may be dy
    dgamma: number, // [cols], scratch
    dbeta: number, // [cols], scratch
    dgammaSum: number, // [cols], float64
    dbetaSum: number, // [cols], float64
    rows: number,
    cols: number,
    epsilon: number,
    center: boolean,
  ): void;
  /** Sets `bytes` bytes to 0. */
  clear(at: number, bytes: number): void;
  /** Rounds float64 `total` to float32 `result`, both [cols]. */
  roundSum(total: number, result: number, cols: number): void;
}

/**
 * The functions that were instantiated, by the memory that they work on. The memory is the key, not the
 * backend: a backend that is set up anew gets a new memory, while a memory that grows stays the same
 * object.
 */
const instances = new WeakMap<WebAssembly.Memory, WasmFunctions>();

const modules = new Map<Variant, WebAssembly.Module>();

/** The module's functions over a memory, which may grow. */
export function wasmFunctions(memory: WebAssembly.Memory): WasmFunctions {
  let functions = instances.get(memory);
  if (!functions) {
    functions = instantiate(chooseVariant(memory), memory);
    instances.set(memory, functions);
  }
  return functions;
}

/** The functions of one variant over a memory. */
export function instantiate(variant: Variant, memory: WebAssembly.Memory): WasmFunctions {
  let module = modules.get(variant);
  if (!module) {
    // Synchronously, because kernels are synchronous. Chrome allows it for modules up to 4 KiB.
    module = new WebAssembly.Module(bytesOf(variant));
    modules.set(variant, module);
  }
  const {exports} = new WebAssembly.Instance(module, {env: {memory}});
  return exports as unknown as WasmFunctions;
}

function chooseVariant({buffer}: WebAssembly.Memory): Variant {
  const isShared = typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
  if (isShared) return 'simdShared';
  return WebAssembly.validate(bytesOf('simd')) ? 'simd' : 'plain';
}

function bytesOf(variant: Variant): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(moduleBytes[variant]), (character) => character.charCodeAt(0));
}
