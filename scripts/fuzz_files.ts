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
import {integerFrom, parseFlags, positiveInteger} from '../tools/flags.mjs';
import {root} from '../tools/shell.mjs';
import {type Ended, LOADERS, type LoaderName, type Message} from './fuzz/messages.js';

const MOST_SECONDS = 10;
const MOST_BYTES = 2 ** 29;
/** A case that hangs, or takes the process with it, is killed and left behind. */
const KILL_MS = 60_000;

interface Totals {
  loaded: number;
  refused: number;
  slowest: number;
  largest: number;
}

const flags = parseFlags({
  command: 'npm run fuzz:files --',
  about: 'Gives hostile files to loadKerasModel and fuseGraph; each must load or be refused.',
  flags: {
    loader: {value: 'NAME', about: 'default both', choices: LOADERS},
    cases: {value: 'N', about: 'cases a loader', default: 5000, parse: positiveInteger},
    from: {value: 'N', about: 'the case to begin with', default: 0, parse: integerFrom(0)},
    seed: {value: 'N', about: 'the first random number', default: 1, parse: integerFrom(0)},
  },
});
const {cases: count, seed} = flags;
let faults = 0;
for (const loader of flags.loader ? [flags.loader] : LOADERS) {
  const totals: Totals = {loaded: 0, refused: 0, slowest: 0, largest: 0};
  let {from} = flags;
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
function run(loader: LoaderName, from: number, totals: Totals): Promise<number> {
  const child = fork(path.join(root, 'scripts/fuzz/child.ts'), {
    cwd: root,
    execArgv: ['--import', 'tsx', '--max-old-space-size=2048'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let current = {begins: from, kind: 'the start'};
  let timer: NodeJS.Timeout;
  let done = false;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
  };
  child.on('message', (message: Message) => {
    watch();
    if ('done' in message) done = true;
    else if ('begins' in message) current = message;
    else judge(loader, message.ended, totals);
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

function judge(
  loader: LoaderName,
  {i, kind, seconds, grown, failed, fault}: Ended,
  totals: Totals,
): void {
  if (fault) report(loader, i, kind, fault);
  else if (seconds > MOST_SECONDS) report(loader, i, kind, `it takes ${seconds.toFixed(1)} s`);
  else if (grown > MOST_BYTES) report(loader, i, kind, `it takes ${grown / 2 ** 20} MiB`);
  else if (failed) totals.refused++;
  else totals.loaded++;
  totals.slowest = Math.max(totals.slowest, seconds);
  totals.largest = Math.max(totals.largest, grown);
}

function report(loader: LoaderName, i: number, kind: string, fault: string): void {
  faults++;
  console.log(`${loader}, case ${i} (${kind}), seed ${seed}: ${fault}`);
}
