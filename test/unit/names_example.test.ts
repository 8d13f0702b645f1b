/** The example `npm run example:names` in a short form: does it show what it is there to show? */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'names-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** In an empty folder, as the example writes to where it is run. */
function names(...args: string[]) {
  const file = path.join(root, 'examples/names.mjs');
  return spawnSync(process.execPath, [file, ...args], {cwd: folder, encoding: 'utf8'});
}

/** The cells of the rows that begin with `name`, in all tables. */
function rows(stdout: string, name: string) {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(`│ ${name}`))
    .map((line) => line.split('│').slice(2, -1));
}

test.each(['layer', 'rms'])(
  'learns names with %s normalisation, and padding changes nothing',
  (norm) => {
    const {status, stdout, stderr} = names(...`--steps 4 --backend wasm --norm ${norm}`.split(' '));
    expect({status, stderr}).toEqual({status: 0, stderr: expect.not.stringContaining('rror')});
    expect(stdout).toContain('Backend: wasm, with a fused kernel');

    const title = norm === 'rms' ? 'RMS normalisation' : 'layer normalisation';
    for (const model of ['transformer', 'GRU']) {
      for (const variant of ['without', title]) {
        const [losses, padding] = rows(stdout, `${model}, ${variant}`).map((row) =>
          row.map(Number.parseFloat),
        );
        const [before, after] = losses;
        expect(after).toBeLessThan(before - 0.1);
        const [withMask, withoutMask] = padding;
        expect(withMask).toBeLessThan(1e-5);
        expect(withoutMask).toBeGreaterThan(0.01);
        expect(stdout).toMatch(new RegExp(`${model}, ${variant}:\n    [A-Z][a-z-]*\\*?  `));
      }
    }

    const weights = [...rows(stdout, 'transformer/'), ...rows(stdout, 'GRU/')];
    expect(weights).toHaveLength(9);
    for (const [gamma, beta] of weights) {
      expect(gamma).not.toContain('1.000 to 1.000');
      expect(beta).toMatch(norm === 'rms' ? /has none/ : /-0\.\d+ to 0\.\d+/);
    }

    const svg = readFileSync(path.join(folder, 'out/names/loss.svg'), 'utf8');
    expect(svg).toMatch(/^<svg .*<\/svg>$/s);
    expect(svg).not.toContain('NaN');
  },
  120_000,
);

test.each([
  [['--step', '3'], "Unknown option '--step'"],
  [['--norm', 'batch'], '--norm must be one of layer, rms, but is “batch”.'],
  [['--learning-rate', '0'], '--learning-rate must be a number above 0, but is “0”.'],
])('a wrong flag %j is an error that says what is right', (args, message) => {
  const {status, stderr} = names(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('Usage: npm run example:names -- [--flag value]');
});
