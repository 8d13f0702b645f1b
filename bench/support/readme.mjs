/** The table in README.md, between two markers, written anew by each whole run. */
import {readFileSync, writeFileSync} from 'node:fs';
import {formatRatio, formatShape, formatTime, KINDS, ratioTo} from './format.mjs';

const BEGIN = '<!-- bench: written by `npm run bench` -->';
const END = '<!-- /bench -->';

const SHAPES = [
  [32, 128, 256],
  [8, 512, 768],
];

/** @throws Error The file lacks the markers. */
export function writeReadme(report, file) {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the markers ${BEGIN} and ${END}.`);
  writeFileSync(
    file,
    `${text.slice(0, begin + BEGIN.length)}\n${section(report)}\n${text.slice(end)}`,
  );
}

/** @param {object} report as `bench/results.json` holds it */
export function section({date, machine, busy, environments}) {
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

function linesOf({name, failure, contenders, results}) {
  if (failure) return [`| ${name} | | | could not be measured | | | |`];
  const labels = new Map(contenders.map((contender) => [contender.name, contender.label]));
  return results
    .filter(
      ({type, shape}) => type === 'layerNorm' && SHAPES.some((s) => String(s) === String(shape)),
    )
    .map(({shape, kind, rows}) => {
      const row = (contender) => rows.find((each) => each.contender === contender) ?? {};
      const time = ({ms, runs, reason}) =>
        ms === undefined ? (reason ?? '–') : formatTime(ms) + (runs === 1 ? ' (one run)' : '');
      const others = rows
        .filter(({contender, ms}) => !['layer', 'op', 'built-in'].includes(contender) && ms)
        .map(({contender, ms}) => `${labels.get(contender)} ${formatTime(ms)}`);
      const cells = [
        ...[name, formatShape(shape), KINDS[kind]],
        ...[time(row('layer')), time(row('built-in')), formatRatio(ratioTo(rows, row('layer')))],
        others.join(', '),
      ];
      return `| ${cells.join(' | ')} |`;
    });
}
