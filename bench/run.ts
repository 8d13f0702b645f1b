/**
 * Measures layer normalisation on every backend, against the built-in layer and other libraries.
 *
 *     npm run bench
 *     npm run bench -- --backend cpu --quick
 *     npm run bench -- --gpu               webgl and webgpu on the machine's own GPU
 *     npm run bench -- --help
 *
 * Sets up and builds what is needed first. One process an environment (`environments.ts`), in it
 * all contenders in turn.
 */
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {BROWSER_BACKENDS} from '../tools/backends.mjs';
import {useGpu} from '../tools/gpu.mjs';
import {createProgressBar} from '../tools/progress.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root, run, UserError} from '../tools/shell.mjs';
import {environments} from './environments.js';
import {runEnvironment} from './support/children.js';
import {type BenchFlags, parseBenchFlags} from './support/flags.js';
import {formatShape} from './support/format.js';
import {busyCores, describeMachine} from './support/machine.js';
import {writePicture} from './support/picture.js';
import {writeBenchmarks, writeReadme} from './support/readme.js';
import {printReport} from './support/report.js';
import type {Environment, MeasuredEnvironment, Report, Task} from './types.js';
import {limitsFor, tasksFor} from './work/tasks.js';

/** Where more of the cores than this are busy, something else is at work too. */
const QUIET_LOAD = 0.5;

async function main() {
  const flags = parseBenchFlags(process.argv.slice(2));
  const chosen = environments(flags.backends);
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  const device = flags.gpu ? await useGpu() : undefined;
  if (!flags.isBuilt) buildPackage();

  const load = await busyCores();
  if (load > QUIET_LOAD) {
    console.log(`\nThe machine is busy (${load.toFixed(1)} cores): the numbers will be marked so.`);
  }
  const start = performance.now();
  const measured: MeasuredEnvironment[] = [];
  for (const environment of chosen) measured.push(await measureIn(environment, flags));

  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    minutes: Number(((performance.now() - start) / 60_000).toFixed(1)),
    quick: flags.quick,
    busy: load > QUIET_LOAD,
    machine: {...describeMachine(), ...(device && {gpu: device})},
    environments: measured,
  };
  for (const environment of measured) {
    if (environment.failure) console.log(`\n${environment.name}\n  ${environment.failure}`);
    else printReport(environment);
  }
  writeResults(report, flags);
  if (measured.some(({failure}) => failure)) process.exitCode = 1;
}

async function measureIn(
  environment: Environment,
  flags: BenchFlags,
): Promise<MeasuredEnvironment> {
  const {name, backend, threads} = environment;
  const onGpu = BROWSER_BACKENDS.includes(backend);
  const tasks = tasksFor(flags);
  const bar = createProgressBar(`${name.padEnd(30)} {bar} {value}/{total} {what}`);
  bar.start(tasks.length, 0, {what: 'starting'});
  const request = {
    tasks,
    limits: limitsFor({quick: flags.quick, onGpu}),
    peers: flags.peers,
    python: flags.python,
  };
  const about = {name, backend, threads};
  try {
    const report = await runEnvironment(environment, request, ({done, task}) =>
      bar.update(done, {what: nameOf(task)}),
    );
    return {...about, ...report};
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {...about, failure: error.message, contenders: [], results: []};
  } finally {
    bar.stop();
  }
}

function nameOf(task: Task): string {
  return task.type === 'layerNorm' ? formatShape(task.shape) : task.type;
}

/** Writes all where nothing was left out; else the numbers alone, to where they do not replace it. */
function writeResults(report: Report, {isWhole, json}: BenchFlags): void {
  const file = json ?? path.join(root, isWhole ? 'bench/results.json' : 'out/bench.json');
  mkdirSync(path.dirname(file), {recursive: true});
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
  console.log(`The numbers: ${path.relative(process.cwd(), file)}`);
  if (!isWhole) return;
  writePicture(report, path.join(root, 'bench/ratios.svg'));
  const pages = ['README.md', 'docs/benchmarks.md'];
  writeReadme(report, path.join(root, pages[0]));
  writeBenchmarks(report, path.join(root, pages[1]));
  const format = ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', ...pages];
  run(process.execPath, format, {advice: 'see the message above.'});
  console.log(`The picture: bench/ratios.svg. The tables: ${pages.join(' and ')}.`);
}

main().catch(fail);
