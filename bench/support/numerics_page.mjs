/** The tables of docs/numerics.md, between markers, written anew by each whole run. */
import {readFileSync, writeFileSync} from 'node:fs';
import {ROWS} from '../work/rows.mjs';
import {formatError, formatShape} from './format.mjs';
import {replaceMarked} from './marked.mjs';

const OUTPUTS = {y: 'y', dx: 'dx', dgamma: 'dγ', dbeta: 'dβ'};
const GRADIENTS = ['dx', 'dgamma', 'dbeta'];

const GROUPS = {
  layer: 'this layer',
  'built-in': 'built-in',
  onnxruntime: 'onnxruntime',
  torch: 'torch',
};

/** @throws Error The file lacks the markers. */
export function writeNumerics(report, file) {
  let text = readFileSync(file, 'utf8');
  const command = 'npm run numerics';
  text = replaceMarked(text, {name: 'summary', command, file}, summary(report));
  text = replaceMarked(text, {name: 'details', command, file}, details(report));
  writeFileSync(file, text);
}

/** Where and with what it was measured; the worst of each library, of y and of the gradients. */
export function summary({date, machine, environments}) {
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
  const worstTable = (outputs, groups) =>
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
    worstTable(['y'], Object.keys(GROUPS)),
    'Gradient, the worst of dx, dγ and dβ:',
    worstTable(GRADIENTS, ['layer', 'built-in', 'torch']),
  ].join('\n\n');
}

/** A table for each kind of row, and what could not be measured. */
export function details({environments}) {
  const entries = entriesOf(environments);
  const sections = Object.entries(ROWS).map(([name, {note, shape, epsilon = 1e-3}]) => {
    const rows = entries
      .map(({label, results}) => [label, results.get(name)?.errors ?? {}])
      .filter(([, errors]) => Object.keys(errors).length > 0);
    const lines = rows.map(([label, errors]) => [
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

/**
 * One a contender and backend, in the order of the tables: `{label, group, results}`, the results
 * by kind of row.
 */
function entriesOf(environments) {
  const entries = environments.flatMap(({backend, contenders, results}) =>
    Object.keys(GROUPS)
      .filter((group) => contenders.some(({name, reason}) => name === group && !reason))
      .map((group) => ({
        group,
        label: labelOf(
          contenders.find(({name}) => name === group),
          backend,
        ),
        results: resultsOf(results, group),
      })),
  );
  const rounded = {
    group: 'rounded',
    label: 'exact, rounded',
    results: resultsOf(environments[0].results, 'rounded'),
  };
  return [
    rounded,
    ...Object.keys(GROUPS).flatMap((group) => entries.filter((entry) => entry.group === group)),
  ];
}

function labelOf({name, label}, backend) {
  if (name === 'layer' || name === 'built-in') return `${GROUPS[name]}, ${backend}`;
  return label === 'onnxruntime-web' ? `${label}, ${backend}` : label;
}

function resultsOf(results, contender) {
  return new Map(
    results.map(({name, rows}) => [name, rows.find((row) => row.contender === contender)]),
  );
}

/** NaN is worse than Infinity, and that than any number. */
function worst(entries, group, rows, outputs) {
  const errors = entries
    .filter((entry) => entry.group === group)
    .flatMap(({results}) => outputs.map((output) => results.get(rows)?.errors[output]))
    .filter((error) => error !== undefined);
  return errors.length ? Math.max(...errors) : undefined;
}

/** Lines: who, on which rows unless on all, and why. */
function missingOf(entries, environments) {
  const absent = environments.flatMap(({backend, contenders}) =>
    contenders
      .filter(({name, reason}) => reason && GROUPS[name])
      .map((contender) => `${labelOf(contender, backend)}: ${contender.reason}`),
  );
  const failed = entries.flatMap(({label, results}) => {
    const rowsByReason = new Map();
    for (const [name, {reasons}] of results) {
      for (const [kind, reason] of Object.entries(reasons)) {
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

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
