/**
 * Has the spec run on `cpu` as in a page whose policy forbids WebAssembly (no 'wasm-unsafe-eval' in
 * its Content-Security-Policy): there the kernels' plain loops compute.
 */
import {openWorkspace} from '../../src/kernels/cpu/workspace.js';
import {tf, useBackend} from './current.js';

class Forbidden {
  constructor() {
    throw new WebAssembly.CompileError("Refused to compile: 'wasm-unsafe-eval' is not allowed");
  }
}

// Not a property of WebAssembly itself: Jest's realms share that object, and the next spec needs it.
globalThis.WebAssembly = Object.create(WebAssembly, {Module: {value: Forbidden}});

useBackend('cpu', () => {
  if (openWorkspace([1]))
    throw new Error('WebAssembly was to be forbidden, but there is a module.');
  // Else its first use in Node prints that tfjs-node would be faster, for each spec again.
  Object.assign(tf.backend(), {firstUse: false});
});
