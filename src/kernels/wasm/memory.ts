import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** The places where the builds of tfjs-backend-wasm keep their memory; its types do not tell. */
interface MemoryHolder {
  /** The threaded build imports its memory, and keeps it here. */
  wasmMemory?: WebAssembly.Memory;
  /** The builds of one thread export theirs. */
  asm?: {memory?: WebAssembly.Memory};
}

/**
 * The memory in which a backend has its tensors.
 *
 * @throws Error There is none in the places where tfjs-backend-wasm is known to keep it.
 */
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
 * @throws Error The memory is full: the backend then puts tensors at offset 0 without an error.
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
