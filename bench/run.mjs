/**
 * Measures layer normalisation on every backend, against the built-in layer and other libraries.
 *
 *     npm run bench
 *     npm run bench -- --backend cpu --quick
 *     npm run bench -- --help
 *
 * Sets up and builds what is needed first. One process an environment (`environments.mjs`), in it
 * all contenders in turn.
 */
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {SingleBar} from 'cli-progress';
import {root, run, SetupError} from '../scripts/setup/shell.mjs';
import {fail, setup} from '../scripts/setup.mjs';
import {environments} from './environments.mjs';
import {runEnvironment} from './support/children.mjs';
import {HELP, parseBenchFlags} from './support/flags.mjs';
import {formatShape} from './support/format.mjs';
import {busyCores, describeMachine} from './support/machine.mjs';
import {writePicture} from './support/picture.mjs';
import {writeReadme} from './support/readme.mjs';
import {printReport} from './support/report.mjs';
import {limitsFor, tasksFor} from './work/tasks.mjs';

/** Of the cores; more than this, and something else was at work too. */
const QUIET_LOAD = 0.5;

async function main() {
  const flags = readFlags();
  if (flags.help) return console.log(HELP);

  const chosen = environments(flags.backends);
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  console.log('Building dist/.');
  run(process.execPath, ['scripts/build.mjs'], {advice: 'see the message above.'});

  const load = await busyCores();
  if (load > QUIET_LOAD) {
    console.log(`\nThe machine is busy (${load.toFixed(1)} cores): the numbers will be marked so.`);
  }
  const start = performance.now();
  const measured = [];
  for (const environment of chosen) measured.push(await measureIn(environment, flags));

  const report = {
    date: new Date().toISOString().slice(0, 10),
    minutes: Number(((performance.now() - start) / 60_000).toFixed(1)),
    quick: flags.quick,
    busy: load > QUIET_LOAD,
    machine: describeMachine(),
    environments: measured,
  };
  for (const environment of measured) {
    if (environment.failure) console.log(`\n${environment.name}\n  ${environment.failure}`);
    else printReport(environment);
  }
  writeResults(report, flags);
  if (measured.some(({failure}) => failure)) process.exitCode = 1;
}

function readFlags() {
  try {
    return parseBenchFlags(process.argv.slice(2));
  } catch (error) {
    throw new SetupError(error.message, HELP);
  }
}

async function measureIn({name, backend, threads, host, env}, flags) {
  const onGpu = backend.startsWith('webg');
  const tasks = tasksFor(flags);
  const bar = new SingleBar({
    format: `${name.padEnd(30)} {bar} {value}/{total} {what}`,
    barsize: 24,
    hideCursor: true,
    noTTYOutput: true, // in a log: a line every few seconds
    notTTYSchedule: 10_000,
  });
  bar.start(tasks.length, 0, {what: 'starting'});
  const request = {
    tasks,
    limits: limitsFor({quick: flags.quick, onGpu}),
    peers: flags.peers,
    python: flags.python,
  };
  const about = {name, backend, threads};
  try {
    const report = await runEnvironment({...about, host, env}, request, ({done, task}) =>
      bar.update(done, {what: task.shape ? formatShape(task.shape) : task.type}),
    );
    return {...about, ...report};
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return {...about, failure: error.message, contenders: [], results: []};
  } finally {
    bar.stop();
  }
}

/** All of it where nothing was left out; else the numbers alone, where they do not replace it. */
function writeResults(report, {isWhole, json}) {
  const file = json ?? path.join(root, isWhole ? 'bench/results.json' : 'out/bench.json');
  mkdirSync(path.dirname(file), {recursive: true});
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
  console.log(`The numbers: ${path.relative(process.cwd(), file)}`);
  if (!isWhole) return;
  writePicture(report, path.join(root, 'bench/ratios.svg'));
  writeReadme(report, path.join(root, 'README.md'));
  const format = ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', 'README.md'];
  run(process.execPath, format, {advice: 'see the message above.'});
  console.log('The picture: bench/ratios.svg. The table: README.md, “How fast”.');
}

main().catch(fail);
