/** The table in README.md, between two markers, written anew by each whole run. */
import {readFileSync, writeFileSync} from 'node:fs';
import type {Kind, MeasuredEnvironment, Report, Row} from '../types.js';
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

/** Writes both tables into a file. @throws Error The file lacks the markers. */
export function writeReadme(report: Report, file: string): void {
  let text = readFileSync(file, 'utf8');
  text = replaceMarked(text, {name: 'ratios', command: 'npm run bench', file}, ratios(report));
  text = replaceMarked(text, {name: 'bench', command: 'npm run bench', file}, section(report));
  writeFileSync(file, text);
}

/** The short table: how many times as fast, by backend, at the larger shape. */
export function ratios({date, machine, environments}: Report): string {
  const shape = SHAPES[SHAPES.length - 1];
  const ratioOf = (environment: MeasuredEnvironment | undefined, kind: Kind) => {
    const rows = only(environment?.results ?? [], 'layerNorm').find(
      (result) => result.kind === kind && String(result.shape) === String(shape),
    )?.rows;
    const row = rows?.find(({contender}) => contender === 'layer');
    return rows && row ? formatRatio(ratioTo(rows, row)) : '–';
  };
  const measured = Object.values(BACKENDS).map((pattern) =>
    environments.find(({name}) => pattern.test(name)),
  );
  const names = Object.keys(BACKENDS).map((name) =>
    `\`${name}\``.replace(/`Node \((.*)\)`/, 'Node (`$1`)'),
  );
  return [
    `|  | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '---').join(' | ')} |`,
    ...(Object.entries(KINDS) as [Kind, string][]).map(
      ([kind, label]) =>
        `| ${label} | ${measured.map((environment) => ratioOf(environment, kind)).join(' | ')} |`,
    ),
    '',
    `Input ${formatShape(shape)}; ${date}, ${machine.cpu}, ${machine.cores} cores, the GPU backends ` +
      'in software; all numbers: [How fast](#how-fast).',
  ].join('\n');
}

/** The long table of a report, such as `bench/results.json` holds. */
export function section({date, machine, busy, environments}: Report): string {
  const {cpu, cores, vectors, memoryGiB, system, node} = machine;
  const lines = [
    `Measured on ${date}: ${cpu}, ${cores} cores (${vectors}), ${memoryGiB} GiB, ${system}, Node ${node}.` +
      (busy ? ' The machine had other work to do at the time.' : ''),
    '',
    '![How many times as fast as the built-in layer, by backend](bench/ratios.svg)',
    '',
    '| backend | shape | work | this layer | built-in layer | faster | peers and a copy of the bytes |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...environments.flatMap(linesOf),
  ];
  return lines.join('\n');
}

function linesOf({name, failure, contenders, results}: MeasuredEnvironment): string[] {
  if (failure) return [`| ${name} | | | could not be measured | | | |`];
  const labels = new Map(contenders.map((contender) => [contender.name, contender.label]));
  return only(results, 'layerNorm')
    .filter(({shape}) => SHAPES.some((s) => String(s) === String(shape)))
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
