/**
 * Measures how exact layer normalisation is on every backend, against the float64 reference, beside
 * the built-in layer and other libraries; writes the tables of `docs/numerics.md`.
 *
 *     npm run numerics
 *     npm run numerics -- --backend cpu
 *     npm run numerics -- --help
 *
 * It runs the contenders of the benchmark, in its processes: one a backend.
 */
import path from 'node:path';
import {root, run, SetupError} from '../scripts/setup/shell.mjs';
import {fail, setup} from '../scripts/setup.mjs';
import {environments} from './environments.mjs';
import {runEnvironment} from './support/children.mjs';
import {NUMERICS_HELP, parseNumericsFlags} from './support/flags.mjs';
import {describeMachine} from './support/machine.mjs';
import {details, summary, writeNumerics} from './support/numerics_page.mjs';
import {ROWS} from './work/rows.mjs';

/** A gradient of the built-in layer that would take longer is left out. */
const CAP_MS = 20_000;

/** By backend. onnxruntime-web has no kernel for `cpu`: it runs beside `wasm`. */
const PEERS = {
  cpu: ['built-in'],
  wasm: ['built-in', 'onnxruntime'],
  tensorflow: ['built-in', 'onnxruntime', 'torch'],
  webgl: ['built-in', 'onnxruntime'],
  webgpu: ['built-in', 'onnxruntime'],
};

async function main() {
  const flags = readFlags();
  if (flags.help) return console.log(NUMERICS_HELP);

  const chosen = flags.backends.map((backend) => environments([backend])[0]);
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  console.log('Building dist/.');
  run(process.execPath, ['scripts/build.mjs'], {advice: 'see the message above.'});

  const measured = [];
  for (const environment of chosen) measured.push(await measureIn(environment, flags));

  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    environments: measured,
  };
  if (!flags.isWhole) return console.log(`\n${summary(report)}\n\n${details(report)}`);
  writeNumerics(report, path.join(root, 'docs/numerics.md'));
  const format = ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', 'docs/numerics.md'];
  run(process.execPath, format, {advice: 'see the message above.'});
  console.log('The tables: docs/numerics.md.');
}

function readFlags() {
  try {
    return parseNumericsFlags(process.argv.slice(2));
  } catch (error) {
    throw new SetupError(error.message, NUMERICS_HELP);
  }
}

async function measureIn(environment, {python}) {
  const {name, backend} = environment;
  const start = performance.now();
  const tasks = Object.keys(ROWS).map((rows) => ({type: 'accuracy', name: rows}));
  const request = {tasks, limits: {capMs: CAP_MS}, peers: PEERS[backend], python};
  const report = await runEnvironment(environment, request, () => {});
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return {name, backend, ...report};
}

main().catch(fail);
