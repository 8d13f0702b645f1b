import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** Where the builds of tfjs-backend-wasm keep their memory; not in its types. */
interface MemoryHolder {
  /** Of the threaded build, which imports it. */
  wasmMemory?: WebAssembly.Memory;
  /** The exports of the builds of one thread. */
  asm?: {memory?: WebAssembly.Memory};
}

/** The memory in which a backend has its tensors. @throws Error There is none to be found. */
export function memoryOf(backend: BackendWasm): WebAssembly.Memory {
  const holder = backend.wasm as MemoryHolder;
  const memory = holder.wasmMemory ?? holder.asm?.memory;
  if (memory) return memory;
  throw new Error(
    'tfjs-layernorm: the wasm backend has no memory at wasm.asm.memory or wasm.wasmMemory, where ' +
      '@tensorflow/tfjs-backend-wasm 4.0 to 4.22 have it. Use one of these versions.',
  );
}

/**
 * The byte offset of a tensor in the backend's memory, 0 for an absent one.
 *
 * @throws Error The memory is full: the backend then makes tensors at offset 0.
 */
export function offsetOf(backend: BackendWasm, tensor: TensorInfo | undefined): number {
  if (!tensor) return 0;
  const {memoryOffset} = backend.dataIdMap.get(tensor.dataId);
  if (memoryOffset !== 0) return memoryOffset;
  throw new Error(
    `The wasm backend has no memory left for a tensor of shape [${tensor.shape}]. ` +
      'Dispose of tensors that are no longer needed, or use smaller batches.',
  );
}
