/**
 * Measures each step of docs/kernels.md, from the built-in layer to a GPU, and writes its table.
 *
 *     npm run ladder
 *
 * The steps in JavaScript and WebAssembly take turns in one process; each other backend has a process
 * of its own, in which the built-in layer is measured as well.
 */
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type Backend, BROWSER_BACKENDS} from '../tools/backends.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root, run} from '../tools/shell.mjs';
import {environments} from './environments.js';
import {runEnvironment} from './support/children.js';
import {formatShape, formatTime} from './support/format.js';
import {describeMachine} from './support/machine.js';
import {replaceMarked} from './support/marked.js';
import {only, type Row} from './types.js';
import {limitsFor} from './work/tasks.js';

const SHAPE = [8, 512, 768];
const PAGE = path.join(root, 'docs/kernels.md');

/** Which contender of which backend, with how many threads, is which step. */
interface Step {
  title: string;
  backend: Backend;
  threads: 'one' | 'all';
  contender: string;
}

const step = (title: string, backend: Backend, threads: Step['threads'], contender: string) => ({
  ...{title, backend, threads, contender},
});

const STEPS: Step[] = [
  step('0. fifteen kernels (built-in layer, `cpu`)', 'cpu', 'one', 'built-in'),
  step('1. one loop in JavaScript', 'cpu', 'one', 'loop'),
  step('2. the loop in float32, in WebAssembly', 'cpu', 'one', 'plain module'),
  step('3. four at a time (SIMD)', 'cpu', 'one', 'simd module'),
  step('4. as wide as the machine, in C', 'tensorflow', 'one', 'op'),
  step('5. on all cores', 'tensorflow', 'all', 'op'),
  step('a copy of the same bytes, on all cores', 'tensorflow', 'all', 'copy'),
  step('the built-in layer on `webgl`', 'webgl', 'one', 'built-in'),
  step('6. two drawings (`webgl`)', 'webgl', 'one', 'op'),
  step('the built-in layer on `webgpu`', 'webgpu', 'one', 'built-in'),
  step('7. a workgroup a row (`webgpu`)', 'webgpu', 'one', 'op'),
];

async function main() {
  parseFlags({
    command: 'npm run ladder --',
    about: 'Measures the steps of docs/kernels.md and writes its table.',
    flags: {},
  });
  const chosen = environments([...new Set(STEPS.map(({backend}) => backend))]).filter(
    ({name}) => !name.includes('no addon'),
  );
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  buildPackage();

  const measured = new Map<string, Row[]>();
  for (const environment of chosen) {
    const {name, backend, threads} = environment;
    console.log(`Measuring ${name}.`);
    const onGpu = BROWSER_BACKENDS.includes(backend);
    const limits = limitsFor({quick: true, onGpu});
    const request = {
      tasks: [{type: 'layerNorm' as const, shape: SHAPE, kind: 'forward' as const}],
      limits,
      peers: ['built-in', 'rungs'],
    };
    const {results} = await runEnvironment(environment, request, () => {});
    const [{rows}] = only(results, 'layerNorm');
    measured.set(keyOf(backend, threads > 1 ? 'all' : 'one'), rows);
  }
  const text = readFileSync(PAGE, 'utf8');
  const marks = {name: 'ladder', command: 'npm run ladder', file: PAGE};
  writeFileSync(PAGE, replaceMarked(text, marks, table(measured)));
  const format = ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', PAGE];
  run(process.execPath, format, {advice: 'see the message above.'});
  console.log('The table: docs/kernels.md.');
}

function keyOf(backend: Backend, threads: Step['threads']): string {
  return `${backend}, ${threads}`;
}

/** Each step with its time, and how many times as fast it is as the step above it and as step 0. */
function table(measured: Map<string, Row[]>): string {
  const {cpu, cores, vectors, system, node} = describeMachine();
  const timeOf = ({backend, threads, contender}: Step) => {
    // On a machine of one core, one thread is all of them.
    const rows = measured.get(keyOf(backend, threads)) ?? measured.get(keyOf(backend, 'one')) ?? [];
    return rows.find((row) => row.contender === contender)?.ms;
  };
  const first = timeOf(STEPS[0]);
  const lines = STEPS.map((each, i) => {
    const ms = timeOf(each);
    const before = i > 0 ? timeOf(STEPS[i - 1]) : undefined;
    const isNumbered = /^[1-57]\.|^6/.test(each.title);
    const times = (from?: number) => (from && ms ? `${Number((from / ms).toPrecision(2))}×` : '');
    const cells = [
      each.title,
      ms ? formatTime(ms) : 'could not be measured',
      isNumbered ? times(before) : '',
      i > 0 && isNumbered && !BROWSER_BACKENDS.includes(each.backend) ? times(first) : '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const date = new Date().toISOString().slice(0, 10);
  return [
    `Forward, input ${formatShape(SHAPE)}, 12 MB; ${date}, ${cpu}, ${cores} cores (${vectors}), ` +
      `${system}, Node ${node}; both GPU backends in software, so that their times are not those of a GPU.`,
    '',
    '| step | time | than the line above | than step 0 |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

main().catch(fail);
