/**
 * Draws random Keras models, opens each with `loadKerasModel`, and compares what it predicts with
 * what Keras predicted: a model must agree or be refused, in both of Keras's formats.
 *
 *     npm run fuzz:keras -- --python .venv/bin/python
 *     npm run fuzz:keras -- --python .venv/bin/python --count 2000 --seed 7 --keep models
 *     npm run fuzz:keras -- --python .venv/bin/python --models models --backend wasm
 *
 * The interpreter must have Keras with TensorFlow: the packages `keras` and `tensorflow-cpu`, or
 * `tf_keras` for Keras 2. Of a model that comes out wrong Keras is asked what it makes of the file
 * itself: one of which it then predicts our numbers, or of which its own numbers move as far where each
 * number on the way moves by its last binary place, is counted and named by itself. Any other that is wrong, or
 * that loads and then throws, is shrunk to the smallest that still is, and printed. The command then
 * ends with 1.
 */
import {existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {integerFrom, parseFlags, positiveInteger} from '../tools/flags.mjs';
import {createProgressBar} from '../tools/progress.mjs';
import {printTable} from '../tools/table.mjs';
import {type Audited, audited} from './fuzz/keras_audit.js';
import {BACKENDS, openCase, setUpBackend} from './fuzz/keras_case.js';
import {drawModels, ModelAuditor, ModelBuilder} from './fuzz/keras_python.js';
import {readSpec, shrink} from './fuzz/keras_spec.js';

/** What Keras's own reading of a file explains: no fault of ours. */
const EXPLAINED: Audited['status'][] = ['as Keras reads it', 'ill-conditioned'];

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
const drawn = flags.models && readdirSync(folder).filter(isWhole);
const counts = new Map<string, number>();
const refusals = new Map<string, number>();
/** The files that are neither right nor refused, by what became of them. */
const others = new Map<Audited['status'], {name: string; format: string; outcome: Audited}[]>();
let auditor: ModelAuditor | undefined;
console.debug = () => {};
console.warn = () => {}; // the notices of models that stay uncompiled

await setUpBackend(flags.backend);
const bar = createProgressBar('{bar} {value}/{total} models, {faults} faults');
bar.start(drawn?.length ?? flags.count, 0, {faults: 0});
for await (const name of drawn ?? drawModels(flags.python, folder, flags)) {
  for (const [format, opened] of await openCase(path.join(folder, name))) {
    if (opened.status === 'wrong') auditor ??= new ModelAuditor(flags.python, folder);
    const outcome = auditor
      ? await audited(auditor, path.join(folder, name), format, opened)
      : opened;
    const key = `.${format} ${outcome.status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (outcome.status === 'refused') {
      const reason = outcome.detail.replace(/"[^"]*"/g, '"…"').replace(/\d+/g, '#');
      refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    } else if (outcome.status !== 'agrees' && outcome.status !== 'near') {
      const alike = others.get(outcome.status) ?? [];
      others.set(outcome.status, [...alike, {name, format, outcome}]);
    }
  }
  bar.increment(1, {faults: faultsOf().length});
}
bar.stop();
auditor?.close();

printTable(['outcome', 'files'], [...counts].sort());
const reasons = [...refusals].sort(([, a], [, b]) => b - a).slice(0, 20);
if (reasons.length) printTable(['refused because', 'files'], reasons);
for (const status of EXPLAINED) {
  const files = others.get(status);
  if (!files) continue;
  console.log(`\n${status}:`);
  for (const {name, format, outcome} of files)
    console.log(`  ${name}.${format}: ${outcome.detail}`);
}
await reportFaults(faultsOf());
rmSync(temporary, {recursive: true, force: true});
process.exit(faultsOf().length ? 1 : 0);

/** Whether a case was written to its end: a run may have been cut off. */
function isWhole(name: string): boolean {
  return name.startsWith('case_') && existsSync(path.join(folder, name, 'spec.json'));
}

/** What is wrong, throws or leaks. */
function faultsOf() {
  return [...others].flatMap(([status, files]) => (EXPLAINED.includes(status) ? [] : files));
}

/** Prints each model that is at fault, shrunk: the first format of each case stands for both. */
async function reportFaults(faults: ReturnType<typeof faultsOf>): Promise<void> {
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
