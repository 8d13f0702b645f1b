import {parentPort} from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import * as library from 'tfjs-layernorm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {check} from './check.mjs';

await tf.setBackend('wasm');
parentPort.postMessage(await check(tf, library, {fuseGraph, loadKerasModel}));
