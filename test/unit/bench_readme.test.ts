/** What the benchmark writes into its pages: the last run's numbers, between markers, no others. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {writeBenchmarks, writeReadme} from '../../bench/support/readme.js';
import type {Kind, Report} from '../../bench/types.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bench-readme-'));
afterAll(() => rmSync(folder, {recursive: true}));

const layerNorm = (kind: Kind, ours: number, builtIn: number) => ({
  type: 'layerNorm' as const,
  shape: [8, 512, 768],
  kind,
  rows: [
    {contender: 'layer', ms: ours, runs: 25},
    {contender: 'built-in', ms: builtIn, runs: 1},
    {contender: 'onnxruntime', ms: 2, runs: 25},
  ],
});
const trainingStep = {
  type: 'trainingStep' as const,
  shape: [2, 32, 64],
  rows: [
    {contender: 'layer', ms: 400},
    {contender: 'built-in', ms: 600},
  ],
};
const report: Report = {
  date: '2026-11-25',
  busy: false,
  machine: {
    cpu: 'A CPU',
    cores: 2,
    vectors: 'AVX2',
    memoryGiB: 8,
    system: 'Linux',
    node: 'v20',
    packages: {},
  },
  environments: [
    {
      name: 'cpu',
      backend: 'cpu',
      contenders: [{name: 'onnxruntime', label: 'onnxruntime-web'}],
      results: [layerNorm('forward', 4, 1000), layerNorm('backward', 10, 5000), trainingStep],
    },
    {name: 'webgl', backend: 'webgl', failure: 'no browser', contenders: [], results: []},
  ],
};

/** A page after `write`, or its error. */
function written(text: string, write = writeReadme): string {
  const file = path.join(folder, 'page.md');
  writeFileSync(file, text);
  write(report, file);
  return readFileSync(file, 'utf8');
}

const marked = (ratios: string, bench: string) =>
  [
    'before',
    '<!-- ratios: written by `npm run bench` -->',
    `${ratios}<!-- /ratios -->`,
    'between',
    '<!-- bench: written by `npm run bench` -->',
    `${bench}<!-- /bench -->`,
    'after',
  ].join('\n');

test('README.md gets the ratios of the first screen and the telling rows; the text around stays', () => {
  const text = written(marked('old ratios\n', 'old table\n'));
  expect(text).toContain('| forward | 250× | – | – | – | – |');
  expect(text).toContain('| forward + backward | 500× | – | – | – | – |');
  expect(text).toContain('| training step of a transformer | 1.5× | – | – | – | – |');
  expect(text).toContain(
    '| cpu | [8, 512, 768] | forward | 4.00 ms | 1.00 s (one run) | 250× | onnxruntime-web 2.00 ms |',
  );
  expect(text).not.toContain('| cpu | [8, 512, 768] | forward + backward |');
  for (const kept of ['before\n', '\nbetween\n', '\nafter']) expect(text).toContain(kept);
  expect(text).not.toContain('old');
});

test('docs/benchmarks.md gets every row, and says what could not be measured', () => {
  const text = written(marked('old ratios\n', 'old table\n'), writeBenchmarks);
  expect(text).toContain('| cpu | [8, 512, 768] | forward | 4.00 ms |');
  expect(text).toContain('| cpu | [8, 512, 768] | forward + backward | 10.0 ms |');
  expect(text).toContain('| webgl | | | could not be measured | | | |');
  expect(text).toContain('old ratios');
  expect(text).not.toContain('old table');
});

test('twice is the same as once', () => {
  const once = written(marked('', ''));
  expect(written(once)).toBe(once);
});

test('a README without the markers is an error that names them', () => {
  expect(() => written('nothing')).toThrow('lacks the markers <!-- ratios');
});
