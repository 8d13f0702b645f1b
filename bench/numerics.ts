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
import type {Backend} from '../tools/backends.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root, run} from '../tools/shell.mjs';
import {environments} from './environments.js';
import {runEnvironment} from './support/children.js';
import {type NumericsFlags, parseNumericsFlags} from './support/flags.js';
import {describeMachine} from './support/machine.js';
import {details, summary, writeNumerics} from './support/numerics_page.js';
import type {AccuracyTask, Environment, MeasuredEnvironment} from './types.js';
import {ROWS} from './work/rows.js';

/** A gradient of the built-in layer that would take longer is left out. */
const CAP_MS = 20_000;

/** Who runs beside ours, by backend. onnxruntime-web has no kernel for `cpu`: it runs on `wasm`. */
const PEERS: Record<Backend, string[]> = {
  cpu: ['built-in'],
  wasm: ['built-in', 'onnxruntime'],
  tensorflow: ['built-in', 'onnxruntime', 'torch'],
  webgl: ['built-in', 'onnxruntime'],
  webgpu: ['built-in', 'onnxruntime'],
};

async function main() {
  const flags = parseNumericsFlags(process.argv.slice(2));
  const chosen = flags.backends.map((backend) => environments([backend])[0]);
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  buildPackage();

  const measured: MeasuredEnvironment[] = [];
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

async function measureIn(
  environment: Environment,
  {python}: NumericsFlags,
): Promise<MeasuredEnvironment> {
  const {name, backend} = environment;
  const start = performance.now();
  const tasks = Object.keys(ROWS).map((rows): AccuracyTask => ({type: 'accuracy', name: rows}));
  // Nothing is timed: the cap alone counts.
  const limits = {capMs: CAP_MS, rounds: 0, budgetMs: 0, sampleMs: 0, maxCalls: 0};
  const request = {tasks, limits, peers: PEERS[backend], python};
  const report = await runEnvironment(environment, request, () => {});
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return {name, backend, ...report};
}

main().catch(fail);
