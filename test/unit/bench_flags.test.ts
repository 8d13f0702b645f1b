import {evaluate as evaluateWith} from '../support/evaluate.js';

/** `{value}`, or the message of what it throws, `{error}`. */
const evaluate = (expression: string) =>
  evaluateWith(
    `import {parseBenchFlags} from './bench/support/flags.mjs';
    const tried = (run) => {
      try { return {value: run()}; } catch (error) { return {error: error.message}; }
    };`,
    `tried(() => ${expression})`,
  );

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
