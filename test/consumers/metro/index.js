import * as tf from '@tensorflow/tfjs';
import * as library from 'tfjs-layernorm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {check} from './check.mjs';

async function main() {
  await tf.setBackend('cpu');
  const report = await check(tf, library, {fuseGraph, loadKerasModel});
  document.body.textContent = JSON.stringify(report);
}

main();
