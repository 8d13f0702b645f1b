/** Gives hostile files to one of the two loaders, and tells the parent how each of them ended. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {ready} from 'h5wasm';
import {fuseGraph} from 'tfjs-layernorm/graph';
import {type KerasSource, loadKerasModel} from 'tfjs-layernorm/keras';
import {type Files, graphCases, kerasCases} from './cases.js';
import type {LoaderName, Message, Start} from './messages.js';

/** What an error says that nobody meant to give. */
const UNMEANT =
  /Cannot (read|set|convert|destructure|use)|is not (a function|iterable|defined|extensible)|(of|property) undefined|undefined is|\[object|call stack|Invalid (array|typed)|memory access|out of memory|unreachable|BigInt/;

const library = await ready;
const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-'));
process.once('exit', () => rmSync(folder, {recursive: true}));

const send = (message: Message) =>
  new Promise<void>((resolve) => process.send?.(message, () => resolve()));

/** A case and what loads it. */
interface Try {
  kind: string;
  load: () => Promise<void>;
}

type TryOf = (i: number, count: number, seed: number) => Promise<Try>;

/** What loads the cases of each loader. */
const loaders: Record<LoaderName, () => Promise<TryOf>> = {
  async loadKerasModel() {
    const caseOf = await kerasCases();
    return async (...which) => {
      const {kind, given} = await caseOf(...which);
      return {kind, load: async () => dispose(await loadKerasModel(sourceOf(given)))};
    };
  },
  async fuseGraph() {
    const caseOf = await graphCases();
    return async (...which) => {
      const {kind, given} = await caseOf(...which);
      const handler = fuseGraph({load: async () => given});
      return {kind, load: async () => void (await handler.load?.())};
    };
  },
};

process.once('message', async ({loader, from, count, seed}: Start) => {
  console.debug = console.warn = console.log = () => {};
  await tf.setBackend('cpu');
  const tryOf = await loaders[loader]();
  for (let i = from; i < count; i++) {
    const {kind, load} = await tryOf(i, count, seed);
    await send({begins: i, kind});
    const tensors = tf.memory().numTensors;
    const before = memory();
    const start = performance.now();
    let error: unknown;
    try {
      await load();
    } catch (thrown) {
      error = thrown ?? 'nothing';
    }
    const seconds = (performance.now() - start) / 1000;
    const grown = Math.max(...memory().map((bytes, k) => bytes - before[k]));
    const fault = faultOf(error) ?? (tf.memory().numTensors > tensors ? 'it leaves tensors' : null);
    await send({ended: {i, kind, seconds, grown, failed: error !== undefined, fault}});
  }
  await send({done: true});
  process.exit();
});

/** Memory in bytes: the process's, and the HDF5 library's own, which may be claimed but not touched. */
function memory(): number[] {
  return [process.memoryUsage().rss, library.HEAPU8.length];
}

/** What the loader is given: bytes or a handler as they are, of files the path of their `model.json`. */
function sourceOf(given: KerasSource | Files): KerasSource {
  if (!(typeof given === 'object' && 'files' in given)) return given;
  for (const [name, content] of Object.entries(given.files)) {
    writeFileSync(path.join(folder, name), content);
  }
  return path.join(folder, 'model.json');
}

/**
 * Disposes of all that a model has: tfjs's own `dispose` leaves what is nested or shared, and the
 * optimiser.
 */
function dispose(model: tf.LayersModel): void {
  const weights = new Set(model.weights.map((weight) => weight.read()));
  for (const weight of weights) weight.dispose();
  tf.dispose((model.optimizer ?? {}) as unknown as tf.TensorContainer); // its own dispose leaves the learning rate of momentum
}

function faultOf(error: unknown): string | null {
  if (error === undefined) return null; // what was changed does no harm
  if (!(error instanceof Error)) return `it throws no Error, but ${String(error)}`;
  if (!/^(loadKerasModel|fuseGraph): /.test(error.message)) return `unmeant: ${error.message}`;
  return UNMEANT.test(error.message) ? `unmeant: ${error.message}` : null;
}
