import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import * as library from 'tfjs-layernorm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {check} from './check.mjs';

await tf.setBackend('webgpu');
document.body.textContent = JSON.stringify(await check(tf, library, {fuseGraph, loadKerasModel}));
