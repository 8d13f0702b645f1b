/**
 * Draws random Keras models, opens each with `loadKerasModel`, and compares what it predicts with
 * what Keras predicted: a model must agree or be refused, in both of Keras's formats.
 *
 *     npm run fuzz:keras -- --python .venv/bin/python
 *     npm run fuzz:keras -- --python .venv/bin/python --count 2000 --seed 7 --keep models
 *     npm run fuzz:keras -- --python .venv/bin/python --models models --backend wasm
 *
 * The interpreter must have Keras with TensorFlow: the packages `keras` and `tensorflow-cpu`, or
 * `tf_keras` for Keras 2. A model that is wrong, or that loads and then throws, is shrunk to the
 * smallest that still is, and printed. The command then ends with 1.
 */
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {integerFrom, parseFlags, positiveInteger} from '../tools/flags.mjs';
import {createProgressBar} from '../tools/progress.mjs';
import {printTable} from '../tools/table.mjs';
import {BACKENDS, type Outcome, openCase, setUpBackend} from './fuzz/keras_case.js';
import {drawModels, ModelBuilder} from './fuzz/keras_python.js';
import {readSpec, shrink} from './fuzz/keras_spec.js';

const flags = parseFlags({
  command: 'npm run fuzz:keras --',
  about: 'Draws random Keras models; loadKerasModel must agree with Keras or refuse each.',
  flags: {
    python: {value: 'FILE', about: 'a Python with Keras and TensorFlow', default: 'python3'},
    count: {value: 'N', about: 'models to draw', default: 200, parse: positiveInteger},
    seed: {value: 'N', about: 'the first random number', default: 1, parse: integerFrom(0)},
    backend: {value: 'NAME', about: 'where to run them', default: 'cpu', choices: BACKENDS},
    keep: {value: 'FOLDER', about: 'where to keep the models; default: they are deleted'},
    models: {value: 'FOLDER', about: 'models kept by an earlier run, in the place of new ones'},
  },
});

const temporary = mkdtempSync(path.join(tmpdir(), 'fuzz-keras-'));
const folder = path.resolve(flags.models ?? flags.keep ?? temporary);
const drawn = flags.models && readdirSync(folder).filter((name) => name.startsWith('case_'));
const counts = new Map<string, number>();
const refusals = new Map<string, number>();
const faults: {name: string; format: string; outcome: Outcome}[] = [];
console.debug = () => {};
console.warn = () => {}; // the notices of models that stay uncompiled

await setUpBackend(flags.backend);
const bar = createProgressBar('{bar} {value}/{total} models, {faults} faults');
bar.start(drawn?.length ?? flags.count, 0, {faults: 0});
for await (const name of drawn ?? drawModels(flags.python, folder, flags)) {
  for (const [format, outcome] of await openCase(path.join(folder, name))) {
    const key = `.${format} ${outcome.status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (outcome.status === 'refused') {
      const reason = outcome.detail.replace(/"[^"]*"/g, '"…"').replace(/\d+/g, '#');
      refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    }
    if (isFault(outcome)) faults.push({name, format, outcome});
  }
  bar.increment(1, {faults: faults.length});
}
bar.stop();

printTable(['outcome', 'files'], [...counts].sort());
const reasons = [...refusals].sort(([, a], [, b]) => b - a).slice(0, 20);
if (reasons.length) printTable(['refused because', 'files'], reasons);
await reportFaults();
rmSync(temporary, {recursive: true, force: true});
process.exit(faults.length ? 1 : 0);

function isFault({status}: Outcome): boolean {
  return status !== 'agrees' && status !== 'near' && status !== 'refused';
}

/** Prints each model that is at fault, shrunk: the first format of each case stands for both. */
async function reportFaults(): Promise<void> {
  if (!faults.length) return;
  const builder = new ModelBuilder(flags.python, path.join(temporary, 'shrunk'));
  const seen = new Set<string>();
  for (const {name, format, outcome} of faults) {
    console.log(`\n${name}.${format} ${outcome.status}: ${outcome.detail}`);
    if (seen.has(name)) continue;
    seen.add(name);
    const smallest = await shrink(readSpec(path.join(folder, name)), async (spec) => {
      if (!(await builder.build(spec))) return false;
      const outcomes = await openCase(path.join(temporary, 'shrunk/case'));
      return outcomes.some(([, {status}]) => status === outcome.status);
    });
    console.log(JSON.stringify(smallest));
  }
  builder.close();
}
