const tf = require('@tensorflow/tfjs');
const library = require('tfjs-layernorm');
const {fuseGraph} = require('tfjs-layernorm/graph');
const {loadKerasModel} = require('tfjs-layernorm/keras');

async function main() {
  const {check} = await import('./check.mjs');
  await tf.setBackend('cpu');
  console.log(JSON.stringify(await check(tf, library, {fuseGraph, loadKerasModel})));
}

main();
