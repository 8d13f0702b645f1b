/** Has the spec run on `wasm`: in Node always the single-threaded build, SIMD where there is any. */
import '@tensorflow/tfjs-backend-wasm';
import {useBackend} from './current.js';

useBackend('wasm');
