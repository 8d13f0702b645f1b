import tf = require('@tensorflow/tfjs');
import library = require('tfjs-layernorm');
import graph = require('tfjs-layernorm/graph');
import keras = require('tfjs-layernorm/keras');

async function main() {
  const {check} = await import('./check.mjs');
  await tf.setBackend('cpu');
  console.log(JSON.stringify(await check(tf, library, {...graph, ...keras})));
}

main();
