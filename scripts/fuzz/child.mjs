/** Gives hostile files to one of the two loaders, and tells the parent how each of them ended. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {ready} from 'h5wasm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {graphCases, kerasCases} from './cases.mjs';

/** What an error says that nobody meant to give. */
const UNMEANT =
  /Cannot (read|set|convert|destructure|use)|is not (a function|iterable|defined|extensible)|(of|property) undefined|undefined is|\[object|call stack|Invalid (array|typed)|memory access|out of memory|unreachable|BigInt/;

const library = await ready;
const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-'));
process.once('exit', () => rmSync(folder, {recursive: true}));

const loaders = {
  loadKerasModel: {
    cases: kerasCases,
    load: async ({source}) =>
      dispose(await loadKerasModel(source.files ? written(source.files) : source)),
  },
  fuseGraph: {
    cases: graphCases,
    load: async ({artifacts}) => {
      await fuseGraph({load: async () => artifacts}).load();
    },
  },
};

process.once('message', async ({loader, from, count, seed}) => {
  console.debug = console.warn = console.log = () => {};
  await tf.setBackend('cpu');
  const {cases, load} = loaders[loader];
  const caseOf = cases();
  for (let i = from; i < count; i++) {
    const given = caseOf(i, count, seed);
    await new Promise((resolve) => process.send({begins: i, kind: given.kind}, resolve));
    const tensors = tf.memory().numTensors;
    const before = memory();
    const start = performance.now();
    let error;
    try {
      await load(given);
    } catch (thrown) {
      error = thrown;
    }
    const seconds = (performance.now() - start) / 1000;
    const grown = Math.max(...memory().map((bytes, k) => bytes - before[k]));
    const fault = faultOf(error) ?? (tf.memory().numTensors > tensors ? 'it leaves tensors' : null);
    const message = error && String(error.message ?? error).slice(0, 200);
    process.send({i, kind: given.kind, seconds, grown, failed: Boolean(error), fault, message});
  }
  process.send({done: true}, () => process.exit());
});

/** In bytes: the process's, and the HDF5 library's own, which may be claimed but not touched. */
function memory() {
  return [process.memoryUsage().rss, library.HEAPU8.length];
}

/** The path of `model.json` among the files. */
function written(files) {
  for (const [name, content] of Object.entries(files))
    writeFileSync(path.join(folder, name), content);
  return path.join(folder, 'model.json');
}

/** All that the model has: tfjs's own `dispose` leaves what is nested or shared, and the optimiser. */
function dispose(model) {
  const weights = new Set(model.weights.map((weight) => weight.read()));
  for (const weight of weights) weight.dispose();
  tf.dispose(model.optimizer ?? []); // its own dispose leaves the learning rate of momentum
}

function faultOf(error) {
  if (error === undefined) return null; // what was changed does no harm
  if (!(error instanceof Error)) return `it throws no Error, but ${String(error)}`;
  if (!/^(loadKerasModel|fuseGraph): /.test(error.message)) return `unmeant: ${error.message}`;
  return UNMEANT.test(error.message) ? `unmeant: ${error.message}` : null;
}
