/**
 * Gives ten thousand hostile files to `loadKerasModel` and to `fuseGraph`: random bytes, files cut
 * short at lengths from none to all, changed bytes, mutated JSON, zip bombs. Each must load or give
 * an error of ours, in bounded time and memory.
 *
 *     npm run fuzz:files
 *     npm run fuzz:files -- --loader fuseGraph --cases 10000 --seed 7
 *
 * It ends with 1 if any did not, and prints each with its number: `--from` begins there again.
 */
import {fork} from 'node:child_process';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {root} from './setup/shell.mjs';

const LOADERS = ['loadKerasModel', 'fuseGraph'];
const MOST_SECONDS = 10;
const MOST_BYTES = 2 ** 29;
/** A case that hangs, or takes the process with it, is killed and left behind. */
const KILL_MS = 60_000;

const {values} = parseArgs({
  options: {
    loader: {type: 'string'},
    cases: {type: 'string', default: '5000'},
    from: {type: 'string', default: '0'},
    seed: {type: 'string', default: '1'},
  },
});
const [count, seed] = [Number(values.cases), Number(values.seed)];
let faults = 0;
for (const loader of values.loader ? [values.loader] : LOADERS) {
  const totals = {loaded: 0, refused: 0, slowest: 0, largest: 0};
  let from = Number(values.from);
  while (from < count) from = await run(loader, from, totals);
  const {loaded, refused, slowest, largest} = totals;
  console.log(
    `${loader}: ${refused} refused with a clean error, ${loaded} loaded; the slowest took ` +
      `${slowest.toFixed(2)} s, the largest ${(largest / 2 ** 20).toFixed(0)} MiB.`,
  );
}
console.log(`${faults} of ${count} cases a loader were not as they should be.`);
process.exit(faults ? 1 : 0);

/** Runs cases from one on until all are done or the process dies; gives where to go on. */
function run(loader, from, totals) {
  const child = fork(path.join(root, 'scripts/fuzz/child.mjs'), {
    cwd: root,
    execArgv: ['--max-old-space-size=2048'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let current = {begins: from, kind: 'the start'};
  let timer;
  let done = false;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
  };
  child.on('message', (message) => {
    watch();
    if (message.done) done = true;
    else if ('begins' in message) current = message;
    else judge(loader, message, totals);
  });
  watch();
  child.send({loader, from, count, seed});
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (done) return resolve(count);
      report(loader, current.begins, current.kind, `the process ended with ${signal ?? code}`);
      resolve(current.begins + 1);
    });
  });
}

function judge(loader, {i, kind, seconds, grown, failed, fault}, totals) {
  if (fault) report(loader, i, kind, fault);
  else if (seconds > MOST_SECONDS) report(loader, i, kind, `it takes ${seconds.toFixed(1)} s`);
  else if (grown > MOST_BYTES) report(loader, i, kind, `it takes ${grown / 2 ** 20} MiB`);
  else if (failed) totals.refused++;
  else totals.loaded++;
  totals.slowest = Math.max(totals.slowest, seconds);
  totals.largest = Math.max(totals.largest, grown);
}

function report(loader, i, kind, fault) {
  faults++;
  console.log(`${loader}, case ${i} (${kind}), seed ${seed}: ${fault}`);
}
