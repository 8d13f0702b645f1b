/** The tables of docs/numerics.md, between markers, written anew by each whole run. */
import {readFileSync, writeFileSync} from 'node:fs';
import type {Backend} from '../../tools/backends.mjs';
import type {AccuracyRow, Described, MeasuredEnvironment, Report} from '../types.js';
import {only} from '../types.js';
import {ROWS} from '../work/rows.js';
import {formatError, formatShape} from './format.js';
import {replaceMarked} from './marked.js';

const OUTPUTS = {y: 'y', dx: 'dx', dgamma: 'dγ', dbeta: 'dβ'};
const GRADIENTS = ['dx', 'dgamma', 'dbeta'];

type Group = 'layer' | 'built-in' | 'onnxruntime' | 'torch';

const GROUPS: Record<Group, string> = {
  layer: 'this layer',
  'built-in': 'built-in',
  onnxruntime: 'onnxruntime',
  torch: 'torch',
};

const GROUP_NAMES = Object.keys(GROUPS) as Group[];

/** What is known of one contender on one backend, by kind of row. */
interface Entry {
  group: Group | 'rounded';
  label: string;
  results: Map<string, AccuracyRow | undefined>;
}

/** Writes the tables into a file. @throws Error The file lacks the markers. */
export function writeNumerics(report: Report, file: string): void {
  let text = readFileSync(file, 'utf8');
  const command = 'npm run numerics';
  text = replaceMarked(text, {name: 'summary', command, file}, summary(report));
  text = replaceMarked(text, {name: 'details', command, file}, details(report));
  writeFileSync(file, text);
}

/** Where and with what it was measured; the worst of each library, of y and of the gradients. */
export function summary({date, machine, environments}: Report): string {
  const {cpu, vectors, system, node, packages} = machine;
  const browser = environments.find((environment) => environment.browser)?.browser;
  const torch = environments
    .flatMap(({contenders}) => contenders)
    .find(({name}) => name === 'torch')?.version;
  const versions = [
    `Node ${node}`,
    ...Object.entries(packages).map(([name, version]) => `${name} ${version}`),
    ...(torch ? [`torch ${torch}`] : []),
    ...(browser ? [`Chromium ${browser}`] : []),
  ];
  const entries = entriesOf(environments);
  const worstTable = (outputs: string[], groups: Group[]) =>
    table(
      ['rows', ...groups.map((group) => GROUPS[group])],
      Object.keys(ROWS).map((name) => [
        name,
        ...groups.map((group) => formatError(worst(entries, group, name, outputs))),
      ]),
    );
  return [
    `Measured on ${date}: ${cpu} (${vectors}), ${system}; ${versions.join(', ')}.`,
    'Forward, y:',
    worstTable(['y'], GROUP_NAMES),
    'Gradient, the worst of dx, dγ and dβ:',
    worstTable(GRADIENTS, ['layer', 'built-in', 'torch']),
  ].join('\n\n');
}

/** A table for each kind of row, and what could not be measured. */
export function details({environments}: Pick<Report, 'environments'>): string {
  const entries = entriesOf(environments);
  const sections = Object.entries(ROWS).map(([name, {note, shape, epsilon = 1e-3}]) => {
    const rows = entries
      .map(({label, results}) => ({label, errors: results.get(name)?.errors ?? {}}))
      .filter(({errors}) => Object.keys(errors).length > 0);
    const lines = rows.map(({label, errors}) => [
      label,
      ...Object.keys(OUTPUTS).map((output) => formatError(errors[output])),
    ]);
    return [
      `### ${name[0].toUpperCase()}${name.slice(1)}`,
      `${note} ${formatShape(shape)}, ε = ${epsilon}.`,
      table(['', ...Object.values(OUTPUTS)], lines),
    ].join('\n\n');
  });
  const missing = missingOf(entries, environments);
  return [
    ...sections,
    ...(missing.length ? ['### Not measured', missing.map((line) => `- ${line}`).join('\n')] : []),
  ].join('\n\n');
}

/** An entry for each contender and backend, in the order of the tables. */
function entriesOf(environments: MeasuredEnvironment[]): Entry[] {
  const entries = environments.flatMap(({backend, contenders, results}) =>
    GROUP_NAMES.flatMap((group): Entry[] => {
      const contender = contenders.find(({name, reason}) => name === group && !reason);
      if (!contender) return [];
      return [{group, label: labelOf(contender, backend), results: resultsOf(results, group)}];
    }),
  );
  const rounded: Entry = {
    group: 'rounded',
    label: 'exact, rounded',
    results: resultsOf(environments[0].results, 'rounded'),
  };
  return [
    rounded,
    ...GROUP_NAMES.flatMap((group) => entries.filter((entry) => entry.group === group)),
  ];
}

function labelOf({name, label}: Described, backend: Backend): string {
  if (name === 'layer' || name === 'built-in') return `${GROUPS[name]}, ${backend}`;
  return label === 'onnxruntime-web' ? `${label}, ${backend}` : label;
}

function resultsOf(results: MeasuredEnvironment['results'], contender: string): Entry['results'] {
  return new Map(
    only(results, 'accuracy').map(({name, rows}) => [
      name,
      rows.find((row) => row.contender === contender),
    ]),
  );
}

/** The worst error of a group: NaN is worse than Infinity, and that than any number. */
function worst(
  entries: Entry[],
  group: Group,
  rows: string,
  outputs: string[],
): number | undefined {
  const errors = entries
    .filter((entry) => entry.group === group)
    .flatMap(({results}) => outputs.map((output) => results.get(rows)?.errors[output]))
    .filter((error): error is number => error !== undefined);
  return errors.length ? Math.max(...errors) : undefined;
}

/** Lines that say who was not measured, on which rows unless on all, and why. */
function missingOf(entries: Entry[], environments: MeasuredEnvironment[]): string[] {
  const absent = environments.flatMap(({backend, contenders}) =>
    contenders
      .filter(({name, reason}) => reason && name in GROUPS)
      .map((contender) => `${labelOf(contender, backend)}: ${contender.reason}`),
  );
  const failed = entries.flatMap(({label, results}) => {
    const rowsByReason = new Map<string, string[]>();
    for (const [name, row] of results) {
      for (const [kind, reason] of Object.entries(row?.reasons ?? {})) {
        const why = kind === 'backward' ? `gradient: ${reason}` : reason;
        rowsByReason.set(why, [...(rowsByReason.get(why) ?? []), name]);
      }
    }
    return [...rowsByReason].map(([why, names]) =>
      names.length === results.size ? `${label}: ${why}` : `${label}, ${names.join('; ')}: ${why}`,
    );
  });
  return [...absent, ...failed];
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
