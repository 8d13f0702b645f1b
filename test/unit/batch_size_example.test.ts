/** The example `npm run example:batch-size` in a short form: does it show what it is there to show? */
import {spawnSync} from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

function batchSize(...args: string[]) {
  const file = path.join(root, 'examples/batch_size.mjs');
  return spawnSync(process.execPath, [file, ...args], {cwd: root, encoding: 'utf8'});
}

/** The numbers of the rows that begin with `name`, in all tables. */
function rows(stdout: string, name: string) {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(`│ ${name}`))
    .map((line) => line.split('│').slice(2, -1).map(Number.parseFloat));
}

test('layer normalisation does not depend on the batch size; batch normalisation does', () => {
  const {status, stdout} = batchSize(...'--depth 2 --digits 500 --backend wasm'.split(' '));
  expect(status).toBe(0);

  const [layerMoved, layerAccuracy] = rows(stdout, 'layer normalisation');
  const [batchMoved, batchAccuracy] = rows(stdout, 'batch normalisation');
  expect(layerMoved).toEqual([0, 0, 0, 0]);
  for (const moved of batchMoved.slice(0, 3)) expect(moved).toBeGreaterThan(0.1);

  expect(layerAccuracy).toHaveLength(4);
  expect(batchAccuracy).toHaveLength(4);
  // In a batch of one each value is its own mean: nothing of the digit is left to learn from.
  expect(layerAccuracy[0]).toBeGreaterThan(50);
  expect(batchAccuracy[0]).toBeLessThan(30);
}, 120_000);

test('a wrong flag is an error that says what is right', () => {
  const {status, stderr} = batchSize('--digits', 'many');
  expect(status).toBe(2);
  expect(stderr).toContain('--digits must be a whole number above 0, but is “many”.');
  expect(stderr).toContain('Usage: npm run example:batch-size -- [--flag value]');
});
