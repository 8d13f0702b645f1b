/** The command lines of the repository: what they take, and what they say to a wrong one. */
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {evaluate} from '../support/evaluate.js';

const root = path.resolve(__dirname, '../..');

const parsed = (...args: string[]) =>
  evaluate(
    "import {parseBenchFlags} from './bench/support/flags.js';",
    `parseBenchFlags(${JSON.stringify(args)})`,
  );

describe('the flags of npm run bench', () => {
  it('are all backends and peers where none is given', () => {
    expect(parsed()).toEqual({
      backends: ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'],
      peers: ['built-in', 'onnxruntime', 'torch'],
      quick: false,
      gpu: false,
      isBuilt: false,
      isWhole: true,
    });
  });

  it('take lists', () => {
    const flags = '--backend webgl,cpu --shape 4096x768,2x3x4 --peers torch';
    expect(parsed(...flags.split(' '))).toMatchObject({
      backends: ['cpu', 'webgl'],
      shapes: [
        [4096, 768],
        [2, 3, 4],
      ],
      peers: ['torch'],
      isWhole: false,
    });
  });

  it.each(['--quick', '--backend cpu', '--shape 2x2', '--json a'])(
    'count as less than whole with %s',
    (flags) => {
      expect(parsed(...flags.split(' '))).toMatchObject({isWhole: false});
    },
  );

  it('are webgl and webgpu on a GPU, and never whole', () => {
    const expected = {backends: ['webgl', 'webgpu'], gpu: true, isWhole: false};
    expect(parsed('--gpu')).toMatchObject(expected);
  });

  it('count as whole with another Python', () => {
    expect(parsed('--python', 'python3')).toMatchObject({isWhole: true});
  });

  it.each([
    ['--backend', 'gpu', 'cpu, wasm, tensorflow, webgl, webgpu'],
    ['--peers', 'keras', 'built-in, onnxruntime, torch'],
    ['--shape', '4096', '4096x768'],
    ['--shape', '0x3', '4096x768'],
    ['--shape', '4096x', '4096x768'],
  ])('refuse %s %s and say what is allowed', (flag, value, allowed) => {
    const {status, stderr} = run('bench/run.ts', flag, value);
    expect(status).toBe(2);
    expect(stderr).toContain(`${flag} must be`);
    expect(stderr).toContain(allowed);
  });
});

/** Runs a command of the repository. */
function run(file: string, ...args: string[]) {
  const node = ['--import', 'tsx', path.join(root, file), ...args];
  return spawnSync(process.execPath, node, {cwd: root, encoding: 'utf8'});
}

/** One of each sort: before the set-up and after it. */
const commands = ['scripts/setup.mjs', 'scripts/fuzz_files.ts'];

test.each(commands)('%s ends with 2 and a sentence at a flag that it does not know', (file) => {
  const {status, stderr, stdout} = run(file, '--nope');
  expect({status, stdout}).toEqual({status: 2, stdout: ''});
  expect(stderr).toMatch(/^Unknown option '--nope'/m);
  expect(stderr).toMatch(/usage: npm/i);
  expect(stderr).not.toMatch(/^ +at /m);
});
