import {writeFileSync} from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import * as library from 'tfjs-layernorm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {check} from './check.mjs';

test('the model trains, is saved and loads', async () => {
  await tf.setBackend('cpu');
  const report = await check(tf, library, {fuseGraph});
  expect(report.row).toEqual([-1, 1]);
  writeFileSync('report.json', JSON.stringify(report));
});
