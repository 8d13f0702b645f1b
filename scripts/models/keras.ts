/** The Keras half of docs/models.md: what becomes of layers, operations, formats and networks. */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {markdownTable, type Part} from '../../bench/support/marked_page.js';
import {root} from '../../tools/shell.mjs';
import type {Outcome} from './keras_child.js';

const CHILD = path.join(root, 'scripts/models/keras_child.ts');
const MAKE = path.join(root, 'test/fixtures/make/make_application.py');
const FOLDER = path.join(root, 'out/applications');

/** The networks of keras.applications, with a word that tells the members of a family apart. */
const NETWORKS = Object.entries({
  ConvNeXt: ['Tiny', 'Small', 'Base', 'Large', 'XLarge'],
  DenseNet: ['121', '169', '201'],
  EfficientNet: ['B0', 'B1', 'B2', 'B3', 'B4', 'B5', 'B6', 'B7'],
  EfficientNetV2: ['B0', 'B1', 'B2', 'B3', 'S', 'M', 'L'],
  InceptionResNetV2: [''],
  InceptionV3: [''],
  MobileNet: [''],
  MobileNetV2: [''],
  MobileNetV3: ['Small', 'Large'],
  NASNet: ['Mobile', 'Large'],
  ResNet: ['50', '101', '152', '50V2', '101V2', '152V2'],
  VGG: ['16', '19'],
  Xception: [''],
}).flatMap(([family, members]) => members.map((member) => family + member));

const CONTENDERS = ['ours', 'stock'] as const;

/** By contender, what became of each model, in the same order. */
type Outcomes = Record<(typeof CONTENDERS)[number], Outcome[]>;

/** The parts that the models of the tests give. */
export function kerasParts(): Part[] {
  const outcomes = openWith([]);
  return [
    ['keras formats', formatsTable(outcomes)],
    ['keras layers', groupsTable(outcomes, 'layers', 'class')],
    ['keras operations', groupsTable(outcomes, 'operations', 'operation')],
    ['keras hub', namesTable(outcomes, 'hub')],
    ['keras refused', refusedTable(outcomes.ours)],
  ];
}

/**
 * The part of keras.applications.
 *
 * @param python Makes and opens those networks that have not been yet, one after the other.
 */
export function applicationsPart(python?: string): Part {
  const version = python && say(python, ['-c', 'import keras; print(keras.__version__)']);
  if (python) for (const name of NETWORKS) openNetwork(python, name, `Keras ${version}`);
  const all: Outcomes = {ours: [], stock: []};
  for (const source of existsSync(FOLDER) ? readdirSync(FOLDER).sort() : []) {
    for (const name of NETWORKS) {
      const known = knownFile(name, source);
      if (!existsSync(known)) continue;
      const {ours, stock}: Outcomes = JSON.parse(readFileSync(known, 'utf8'));
      all.ours.push(...ours);
      all.stock.push(...stock);
    }
  }
  return ['keras applications', networksTable(all)];
}

const say = (python: string, args: string[]) =>
  execFileSync(python, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim();

const knownFile = (name: string, source: string) => path.join(FOLDER, source, `${name}.json`);

function openNetwork(python: string, name: string, source: string): void {
  const known = knownFile(name, source);
  if (existsSync(known)) return;
  const folder = path.join(FOLDER, source, name);
  mkdirSync(path.dirname(folder), {recursive: true});
  say(python, [MAKE, name, folder]);
  const outcomes = openWith([folder]);
  writeFileSync(known, JSON.stringify(outcomes));
  rmSync(folder, {recursive: true});
  const said = outcomes.ours.map(({format, verdict}) => `${format} ${verdict}`);
  console.log(`${name}: ${said.join(', ')}`);
}

function openWith(folders: string[]): Outcomes {
  const open = (contender: string): Outcome[] => {
    const args = ['--import', 'tsx', CHILD, contender, ...folders];
    const options = {encoding: 'utf8', cwd: root, maxBuffer: 2 ** 28} as const;
    const said = execFileSync(process.execPath, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(said.trim().split('\n').at(-1) as string);
  };
  return {ours: open('ours'), stock: open('stock')};
}

/** The outcomes of a part in groups, each with the counts of what is right. */
function countsBy(outcomes: Outcomes, part: string, groupOf: (one: Outcome) => string) {
  const groups = new Map<string, {all: number; ours: number; stock: number}>();
  for (const contender of CONTENDERS) {
    for (const one of outcomes[contender].filter((each) => each.part === part)) {
      const group = groupOf(one);
      const counts = groups.get(group) ?? {all: 0, ours: 0, stock: 0};
      if (contender === 'ours') counts.all++;
      if (one.verdict === 'right') counts[contender]++;
      groups.set(group, counts);
    }
  }
  return [...groups].map(([group, counts]) => ({group, ...counts}));
}

function formatsTable(outcomes: Outcomes): string {
  const rows = countsBy(outcomes, 'formats', ({format}) => format);
  return markdownTable(
    ['saved by, as', 'models', 'right here', 'right in tfjs'],
    rows.map(({group, all, ours, stock}) => [group, all, ours, stock]),
  );
}

/** A line for all, then those that are right in all variants in one list: most are. */
function groupsTable(outcomes: Outcomes, part: string, what: string): string {
  const groups = countsBy(outcomes, part, ({name}) => groupName(name));
  const sum = (key: 'all' | 'ours' | 'stock') =>
    groups.reduce((total, each) => total + each[key], 0);
  const whole = groups.filter(({all, ours}) => all === ours);
  const others = groups.filter(({all, ours}) => all !== ours);
  const list = whole
    .sort((a, b) => a.group.localeCompare(b.group))
    .map(({group, all}) => `\`${group}\` ${all}`);
  const lines = [
    `${sum('ours')} of ${sum('all')} models are right; in tfjs ${sum('stock')}. ` +
      `Right in every model of this ${what}, with their count:`,
    '',
    `${list.join(', ')}.`,
  ];
  if (others.length) {
    const rows = others.map(({group, all, ours}) => [`\`${group}\``, all, ours]);
    lines.push('', markdownTable([what, 'variants', 'right'], rows));
  }
  return lines.join('\n');
}

/** The class of a layer or the name of an operation; what follows says which variant it is. */
const groupName = (name: string) => name.match(/^[\w.]+/)?.[0] ?? name;

/** A row for each network, a column for each version and format. */
function networksTable({ours, stock}: Outcomes): string {
  const formats = [...new Set(ours.map(({format}) => format))];
  const names = NETWORKS.filter((name) => ours.some((one) => one.name === name));
  const cell = (name: string, format: string) => {
    const one = ours.find((each) => each.name === name && each.format === format);
    return one?.reason ? `${one.verdict}: ${one.reason}` : (one?.verdict ?? '–');
  };
  const right = (outcomes: Outcome[]) => outcomes.filter(({verdict}) => verdict === 'right').length;
  return [
    `${names.length} networks, ${ours.length} files: ${right(ours)} are right; in tfjs ${right(stock)}.`,
    '',
    markdownTable(
      ['network', ...formats],
      names.map((name) => [name, ...formats.map((format) => cell(name, format))]),
    ),
  ].join('\n');
}

/** A row for each model, with what became of it in each format. */
function namesTable({ours, stock}: Outcomes, part: string): string {
  const rows = ours.filter((one) => one.part === part);
  const said = ({verdict, reason}: Outcome) => (reason ? `${verdict}: ${reason}` : verdict);
  return markdownTable(
    ['model', 'saved by, as', 'here', 'in tfjs'],
    rows.map((one) => {
      const same = ({name, format}: Outcome) => name === one.name && format === one.format;
      const other = stock.filter((each) => each.part === part).find(same);
      return [one.name, one.format, said(one), other?.verdict ?? '–'];
    }),
  );
}

function refusedTable(ours: Outcome[]): string {
  const rows = ours.filter(({part}) => part === 'refused');
  // What comes before is where the layer is.
  const because = ({reason = ''}: Outcome) => reason.replace(/^.*? is of the class \w+[:,] /, '');
  return markdownTable(
    ['class', 'why'],
    rows.map((one) => [`\`${one.name}\``, because(one).replaceAll('|', '\\|')]),
  );
}
