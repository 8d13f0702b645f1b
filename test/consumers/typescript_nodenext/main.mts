import * as tf from '@tensorflow/tfjs';
import * as library from 'tfjs-layernorm';
import {
  type LayerNormalization,
  type LayerNormalizationArgs,
  type LayerNormOptions,
  layerNorm,
  layerNormalization,
} from 'tfjs-layernorm';
import {type FusionReport, fuseGraph, type PatternName} from 'tfjs-layernorm/graph';
import {type KerasSource, loadKerasModel} from 'tfjs-layernorm/keras';
import {check} from './check.mjs';

// The types of the package fit those of tfjs.
const args: LayerNormalizationArgs = {axis: [-1], epsilon: 1e-5, name: 'norm', inputShape: [2]};
const layer: LayerNormalization = layerNormalization(args);
const asLayer: tf.layers.Layer = layer;
const options: LayerNormOptions = {gamma: tf.ones([2]), axis: -1};
const y: tf.Tensor = layerNorm(tf.zeros([1, 2]), options);
const report: FusionReport = {
  fused: 1,
  patterns: {keras2: 1} satisfies Partial<Record<PatternName, number>>,
};
const load: (source: KerasSource) => Promise<tf.LayersModel> = loadKerasModel;
// @ts-expect-error: the option is called epsilon
const misspelt: LayerNormOptions = {eps: 1e-5};

async function main() {
  await tf.setBackend('cpu');
  const given = [asLayer, y, report, load, misspelt];
  if (given.some((value) => value === undefined)) throw new Error('Something is not there.');
  console.log(JSON.stringify(await check(tf, library, {fuseGraph, loadKerasModel})));
}

main();
