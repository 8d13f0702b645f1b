/**
 * Times whole models beside what a user would pick instead: a step of training beside TensorFlow and torch
 * in Python, and models of Keras in a page beside LiteRT.js.
 *
 *     npm run bench:models -- --python .venv/bin/python
 *
 * The Python needs Keras, TensorFlow and torch. The tables go to docs/benchmarks.md; with --quick they are
 * printed alone.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root} from '../tools/shell.mjs';
import {printTable} from '../tools/table.mjs';
import {environments} from './environments.js';
import {runEnvironment} from './support/children.js';
import {formatShape, formatTime} from './support/format.js';
import {describeMachine} from './support/machine.js';
import {markdownTable, type Part, writeParts} from './support/marked_page.js';
import {
  type Environment,
  type KerasModelFile,
  type KerasModelTask,
  only,
  type Row,
  type Task,
} from './types.js';
import {limitsFor} from './work/tasks.js';

const MADE = path.join(root, 'out/keras_models');

/** The parts of docs/benchmarks.md, with their heads. */
const PARTS = {
  'step of training': ['environment', 'input', 'by', 'a step', 'times ours'],
  'models of Keras': ['environment', 'model', 'input', 'by', 'a run', 'times ours', 'error'],
};

async function main() {
  const {python, quick} = parseFlags({
    command: 'npm run bench:models --',
    about: 'Times whole models beside TensorFlow and torch in Python, and beside LiteRT.js.',
    flags: {
      python: {value: 'FILE', about: 'a Python with Keras, TensorFlow and torch'},
      quick: {about: 'few repeats: less to rely on'},
    },
  });
  await setup(['packages', 'addon', 'browser']);
  buildPackage();
  const steps = await stepsOfTraining(python, quick);
  const models = await modelsOfKeras(python, quick);
  const lines = {'step of training': steps, 'models of Keras': models};
  for (const [name, head] of Object.entries(PARTS)) {
    console.log(`\n${name}`);
    printTable(head, lines[name as keyof typeof PARTS]);
  }
  if (quick) return;
  const {cpu, cores, vectors} = describeMachine();
  const date = new Date().toISOString().slice(0, 10);
  const measured = `Measured on ${date}: ${cpu}, ${cores} cores (${vectors}).`;
  const parts = Object.entries(PARTS).map(([name, head]): Part => {
    const table = markdownTable(head, lines[name as keyof typeof PARTS]);
    return [name, `${measured}\n\n${table}`];
  });
  writeParts('docs/benchmarks.md', 'npm run bench:models', parts);
}

async function stepsOfTraining(python: string | undefined, quick: boolean): Promise<string[][]> {
  const chosen = environments(['tensorflow']).filter(({env}) => !env.BENCH_WITHOUT_ADDON);
  const lines: string[][] = [];
  for (const environment of chosen) {
    const results = await measureIn(environment, [{type: 'trainingStep'}], {python, quick});
    for (const {shape, rows} of only(results, 'trainingStep')) {
      for (const row of rows) {
        lines.push([environment.name, formatShape(shape), ...timeCells(rows, row)]);
      }
    }
  }
  return lines;
}

async function modelsOfKeras(python: string | undefined, quick: boolean): Promise<string[][]> {
  const tasks = madeModels(python).map((model): KerasModelTask => ({type: 'kerasModel', model}));
  const [many] = environments(['wasm']).filter(({host}) => host === 'page');
  const one = {...many, name: 'wasm in a page, 1 thread', threads: 1};
  const lines: string[][] = [];
  for (const environment of [one, many]) {
    const results = await measureIn(environment, tasks, {quick});
    for (const {name, shape, rows} of only(results, 'kerasModel')) {
      for (const row of rows) {
        const cells = timeCells(rows, row);
        const error = row.error?.toExponential(1) ?? '–';
        lines.push([environment.name, name, formatShape(shape), ...cells, error]);
      }
    }
  }
  return lines;
}

async function measureIn(
  environment: Environment,
  tasks: Task[],
  {python, quick}: {python?: string; quick: boolean},
) {
  const limits = limitsFor({quick, onGpu: false});
  const peers = ['built-in'];
  const {results} = await runEnvironment(environment, {tasks, limits, peers, python}, () => {});
  return results;
}

function madeModels(python?: string): KerasModelFile[] {
  mkdirSync(MADE, {recursive: true});
  if (python) {
    console.log('Making the models.');
    const script = path.join(root, 'bench/contenders/make_keras_models.py');
    execFileSync(python, [script, MADE], {stdio: ['ignore', 'ignore', 'pipe']});
  }
  return readdirSync(MADE).map((name) => JSON.parse(readFileSync(path.join(MADE, name), 'utf8')));
}

const LABELS: Record<string, string> = {layer: 'tfjs-layernorm', 'built-in': 'built-in layer'};

/** Whose the row is, its time, and how many times as long as ours that is. */
function timeCells(rows: Row[], {contender, ms, reason}: Row): string[] {
  const label = LABELS[contender] ?? contender;
  const ours = rows.find((row) => row.contender === 'layer')?.ms;
  if (ms === undefined) return [label, reason ?? '–', '–'];
  return [label, formatTime(ms), ours ? (ms / ours).toFixed(2) : '–'];
}

main().catch(fail);
