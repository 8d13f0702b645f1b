import {spawnSync} from 'node:child_process';

/** The modules of the benchmark are plain ES modules, which Jest's CommonJS does not load. */
function evaluate(expression: string): unknown {
  const script = `
    import {parseBenchFlags} from './bench/support/flags.mjs';
    try { console.log(JSON.stringify({value: ${expression}})); }
    catch (error) { console.log(JSON.stringify({error: error.message})); }`;
  const {stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('the flags of npm run bench', () => {
  it('are all backends and peers where none is given', () => {
    expect(evaluate('parseBenchFlags([])')).toEqual({
      value: {
        backends: ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'],
        peers: ['built-in', 'onnxruntime', 'torch'],
        quick: false,
        help: false,
        isWhole: true,
      },
    });
  });

  it('take lists', () => {
    const flags = `['--backend', 'webgl,cpu', '--shape', '4096x768,2x3x4', '--peers', 'torch']`;
    expect(evaluate(`parseBenchFlags(${flags})`)).toMatchObject({
      value: {
        backends: ['cpu', 'webgl'],
        shapes: [
          [4096, 768],
          [2, 3, 4],
        ],
        peers: ['torch'],
        isWhole: false,
      },
    });
  });

  it('count as less than whole once anything is left out', () => {
    for (const flags of [['--quick'], ['--backend', 'cpu'], ['--shape', '2x2'], ['--json', 'a']]) {
      expect(evaluate(`parseBenchFlags(${JSON.stringify(flags)}).isWhole`)).toEqual({value: false});
    }
    expect(evaluate(`parseBenchFlags(['--python', 'python3']).isWhole`)).toEqual({value: true});
  });

  it.each([
    ['--backend', 'gpu', 'cpu, wasm, tensorflow, webgl, webgpu'],
    ['--peers', 'keras', 'built-in, onnxruntime, torch'],
    ['--shape', '4096', '4096x768'],
    ['--shape', '0x3', '4096x768'],
    ['--shape', '4096x', '4096x768'],
  ])('refuse %s %s and say what is allowed', (flag, value, allowed) => {
    const {error} = evaluate(`parseBenchFlags(['${flag}', '${value}'])`) as {error: string};
    expect(error).toContain(flag);
    expect(error).toContain(allowed);
  });
});
