/** The tables of README.md and docs/benchmarks.md, between markers, written anew by each whole run. */
import {readFileSync, writeFileSync} from 'node:fs';
import type {Kind, LayerNormTask, MeasuredEnvironment, Report, Row} from '../types.js';
import {only} from '../types.js';
import {formatRatio, formatShape, formatTime, KINDS, ratioTo} from './format.js';
import {replaceMarked} from './marked.js';

const SHAPES = [
  [32, 128, 256],
  [8, 512, 768],
];

/** The environments of the first screen, with the names that a user knows them by. */
const BACKENDS = {
  cpu: /^cpu$/,
  wasm: /^wasm, 1 thread$/,
  'Node (tensorflow)': /^tensorflow, (?!1 )\d+ threads$/,
  webgl: /^webgl$/,
  webgpu: /^webgpu$/,
};

/** The rows of README.md: what a user of each backend meets first. */
const TELLING: [environment: RegExp, kind: Kind][] = [
  [BACKENDS.cpu, 'forward'],
  [BACKENDS.wasm, 'forward'],
  [BACKENDS.wasm, 'backward'],
  [BACKENDS['Node (tensorflow)'], 'forward'],
  [BACKENDS['Node (tensorflow)'], 'backward'],
  [BACKENDS.webgpu, 'backward'],
];

/** Writes the short tables into README.md. @throws Error The file lacks the markers. */
export function writeReadme(report: Report, file: string): void {
  const command = 'npm run bench';
  let text = readFileSync(file, 'utf8');
  text = replaceMarked(text, {name: 'ratios', command, file}, ratios(report));
  text = replaceMarked(text, {name: 'bench', command, file}, tellingRows(report));
  writeFileSync(file, text);
}

/** Writes the long table into docs/benchmarks.md. @throws Error The file lacks the markers. */
export function writeBenchmarks(report: Report, file: string): void {
  const marks = {name: 'bench', command: 'npm run bench', file};
  writeFileSync(file, replaceMarked(readFileSync(file, 'utf8'), marks, section(report)));
}

/**
 * The short table: how many times as fast, by backend, at the larger shape; and a step of training of a
 * whole network, of which the normalisation is a part.
 */
export function ratios({date, machine, environments}: Report): string {
  const shape = SHAPES[SHAPES.length - 1];
  const ratioOf = (environment: MeasuredEnvironment | undefined, kind: Kind) => {
    const rows = only(environment?.results ?? [], 'layerNorm').find(
      (result) => result.kind === kind && String(result.shape) === String(shape),
    )?.rows;
    const row = rows?.find(({contender}) => contender === 'layer');
    return rows && row ? formatRatio(ratioTo(rows, row)) : '–';
  };
  const ratioOfStep = (environment: MeasuredEnvironment | undefined) => {
    const [step] = only(environment?.results ?? [], 'trainingStep');
    const row = step?.rows.find(({contender}) => contender === 'layer');
    return row ? formatRatio(ratioTo(step.rows, row)) : '–';
  };
  const measured = Object.values(BACKENDS).map((pattern) =>
    environments.find(({name}) => pattern.test(name)),
  );
  const names = Object.keys(BACKENDS).map((name) =>
    `\`${name}\``.replace(/`Node \((.*)\)`/, 'Node (`$1`)'),
  );
  const lines = [
    ...(Object.entries(KINDS) as [Kind, string][]).map(([kind, label]) => [
      label,
      ...measured.map((environment) => ratioOf(environment, kind)),
    ]),
    ['training step of a transformer', ...measured.map(ratioOfStep)],
  ].filter(([, ...cells]) => cells.some((cell) => cell !== '–'));
  return [
    `|  | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '---').join(' | ')} |`,
    ...lines.map(([label, ...cells]) => `| ${label} | ${cells.join(' | ')} |`),
    '',
    `Input ${formatShape(shape)}; the transformer has 12 blocks; ${date}, ${machine.cpu}, ${machine.cores} cores, the GPU backends ` +
      'in software; all numbers: [docs/benchmarks.md](docs/benchmarks.md).',
  ].join('\n');
}

const TABLE_HEAD = [
  '| backend | shape | work | this layer | built-in layer | faster | peers and a copy of the bytes |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];

/** Six rows of the long table, at the larger shape, and the picture. */
export function tellingRows(report: Report): string {
  const shape = SHAPES[SHAPES.length - 1];
  const lines = TELLING.flatMap(([pattern, kind]) =>
    report.environments
      .filter(({name}) => pattern.test(name))
      .flatMap((environment) =>
        linesOf(environment, (result) => result.kind === kind && isShape(result.shape, shape)),
      ),
  );
  const picture = '![How many times as fast as the built-in layer, by backend](bench/ratios.svg)';
  return [measuredOn(report), '', picture, '', ...TABLE_HEAD, ...lines].join('\n');
}

/** The long table of a report, such as `bench/results.json` holds. */
export function section(report: Report): string {
  const isShown = ({shape}: LayerNormTask) => SHAPES.some((each) => isShape(shape, each));
  const lines = report.environments.flatMap((environment) => linesOf(environment, isShown));
  return [measuredOn(report), '', ...TABLE_HEAD, ...lines].join('\n');
}

function measuredOn({date, machine, busy}: Report): string {
  const {cpu, cores, vectors, memoryGiB, system, node} = machine;
  const busyNote = busy ? ' The machine had other work to do at the time.' : '';
  return (
    `Measured on ${date}: ${cpu}, ${cores} cores (${vectors}), ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}.${busyNote}`
  );
}

function isShape(a: number[], b: number[]): boolean {
  return String(a) === String(b);
}

/** A line for each task that is to be shown. */
function linesOf(
  {name, failure, contenders, results}: MeasuredEnvironment,
  isShown: (task: LayerNormTask) => boolean,
): string[] {
  if (failure) return [`| ${name} | | | could not be measured | | | |`];
  const labels = new Map(contenders.map((contender) => [contender.name, contender.label]));
  return only(results, 'layerNorm')
    .filter(isShown)
    .map(({shape, kind, rows}) => {
      const row = (contender: string): Row =>
        rows.find((each) => each.contender === contender) ?? {contender};
      const time = ({ms, runs, reason}: Row) =>
        ms === undefined ? (reason ?? '–') : formatTime(ms) + (runs === 1 ? ' (one run)' : '');
      const others = rows
        .filter(({contender}) => !['layer', 'op', 'built-in'].includes(contender))
        .flatMap(({contender, ms}) => (ms ? `${labels.get(contender)} ${formatTime(ms)}` : []));
      const cells = [
        ...[name, formatShape(shape), KINDS[kind]],
        ...[time(row('layer')), time(row('built-in')), formatRatio(ratioTo(rows, row('layer')))],
        others.join(', '),
      ];
      return `| ${cells.join(' | ')} |`;
    });
}
