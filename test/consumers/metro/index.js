import * as tf from '@tensorflow/tfjs';
import * as library from 'tfjs-layernorm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {check} from './check.mjs';
import {kerasModel} from './models.mjs';

async function main() {
  await tf.setBackend('cpu');
  const report = await check(tf, library, {fuseGraph});
  // React Native has no WebAssembly, which it takes to read the weights: an error has to say so.
  const bytes = Uint8Array.from(atob(kerasModel.files.keras), (char) => char.charCodeAt(0));
  const error = await loadKerasModel(bytes).catch(({message}) => message);
  if (!`${error}`.includes('React Native has none')) report.kerasError = error;
  document.body.textContent = JSON.stringify(report);
}

main();
