/** The numerics report: its measure of error, and the tables that it writes. */
import {evaluate as evaluateWith} from '../support/evaluate.js';

const evaluate = (expression: string) =>
  evaluateWith(
    `import {errorsOf} from './bench/support/error.js';
    import {formatError} from './bench/support/format.js';
    import {details, summary} from './bench/support/numerics_page.js';
    import {createRows, ROWS} from './bench/work/rows.js';`,
    expression,
  );

describe('the error', () => {
  it('is relative to the largest value of the row, for each output apart', () => {
    expect(evaluate('errorsOf([[1, 8.5, 0, 1.5], [3.5, 0]], [[1, 8, 0, 2], [4, 0]], 2)')).toEqual([
      0.25, 0.125,
    ]);
  });

  it('is the difference itself where the row should be 0', () => {
    expect(evaluate('errorsOf([[0, 0.5]], [[0, 0]], 2)')).toEqual([0.5]);
  });

  it('is NaN or Inf where the output is, and NaN is the worse', () => {
    const cases = '[[NaN, 1], [-Infinity, 1], [Infinity, NaN]]';
    expect(evaluate(`${cases}.map((y) => String(errorsOf([y], [[1, 1]], 1)[0]))`)).toEqual([
      'NaN',
      'Infinity',
      'NaN',
    ]);
  });

  it('of an output of another length is refused', () => {
    expect(() => evaluate('errorsOf([[1]], [[1, 2]], 2)')).toThrow('has 1 numbers, not 2');
  });

  it('is written in two digits', () => {
    expect(
      evaluate('[1.44e-7, 0.0271, 1.06, 0, NaN, Infinity, undefined].map(formatError)'),
    ).toEqual(['1.4e-7', '0.027', '1.1', '0', 'NaN', 'Inf', '–']);
  });
});

describe('the rows', () => {
  it('are as many numbers as their shape says, all of them finite', () => {
    const check = `Object.keys(ROWS).filter((name) => {
      const {shape: [rows, cols], data} = createRows(name);
      return data.x.length !== rows * cols || !data.x.every(Number.isFinite);
    })`;
    expect(evaluate(check)).toEqual([]);
  });
});

describe('the tables', () => {
  const none = {errors: {}, reasons: {}};
  const row = (contender: string, y: string, reasons = {}) => `
    {contender: '${contender}', errors: {y: ${y}, dx: 2e-7}, reasons: ${JSON.stringify(reasons)}}`;
  const result = (rows: string[]) => `{type: 'accuracy', name: 'ordinary rows', rows: [${rows}]}`;
  const report = `{
    date: '2026-11-25',
    machine: {cpu: 'A CPU', vectors: 'AVX2', system: 'Linux', node: 'v20', packages: {tfjs: '4.22.0'}},
    environments: [
      {
        backend: 'cpu',
        contenders: [{name: 'layer'}, {name: 'op'}, {name: 'built-in'}],
        results: [${result([row('rounded', '5e-8'), row('layer', '3e-7'), row('built-in', 'NaN')])}],
      },
      {
        backend: 'wasm',
        browser: '147',
        contenders: [
          {name: 'layer'},
          {name: 'built-in'},
          {name: 'onnxruntime', label: 'onnxruntime-web'},
          {name: 'torch', label: 'torch, CPU', reason: 'no Python'},
        ],
        results: [${result([
          row('rounded', '5e-8'),
          row('layer', '1e-7'),
          row('built-in', '0.5', {backward: 'too slow'}),
          JSON.stringify({contender: 'onnxruntime', ...none, reasons: {forward: 'no operator'}}),
        ])}],
      },
    ],
  }`;

  it('say the worst of all backends, with NaN the worst', () => {
    const text = evaluate(`summary(${report})`);
    expect(text).toContain('| ordinary rows | 3.0e-7 | NaN | – | – |');
    expect(text).toContain('tfjs 4.22.0, Chromium 147.');
  });

  it('list every library and backend, and what could not be measured', () => {
    const text = evaluate(`details(${report})`);
    expect(text).toContain(
      [
        '| exact, rounded | 5.0e-8 | 2.0e-7 | – | – |',
        '| this layer, cpu | 3.0e-7 | 2.0e-7 | – | – |',
        '| this layer, wasm | 1.0e-7 | 2.0e-7 | – | – |',
        '| built-in, cpu | NaN | 2.0e-7 | – | – |',
        '| built-in, wasm | 0.50 | 2.0e-7 | – | – |\n',
      ].join('\n'),
    );
    expect(text).toContain(
      [
        '- torch, CPU: no Python',
        '- built-in, wasm: gradient: too slow',
        '- onnxruntime-web, wasm: no operator',
      ].join('\n'),
    );
  });
});
