/**
 * Has the spec run on `wasm`. In Node that is always the single-threaded build, SIMD where there is any;
 * in a page it is the one with threads, where the engine has SharedArrayBuffer.
 */
import {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
import {useBackend} from './current.js';

if (typeof document !== 'undefined') {
  setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/');
}
useBackend('wasm');
