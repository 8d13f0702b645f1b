/** The numbers as tables in the terminal. */
import {printTable} from '../../tools/table.mjs';
import type {MeasuredEnvironment, Row} from '../types.js';
import {only} from '../types.js';
import {formatRatio, formatShape, formatTime, KINDS, ratioTo} from './format.js';
import {leastBytes} from './gpu_calls.js';

/** Draw calls or dispatches; the bytes they move, as a multiple of the least that is possible. */
const ON_GPU = ['GPU calls', 'bytes'];

/** Prints what was measured in an environment. */
export function printReport({name, isFused, contenders, results}: MeasuredEnvironment): void {
  const labels = new Map(contenders.map((contender) => [contender.name, contender.label]));
  const labelOf = (contender: string) => labels.get(contender) ?? contender;

  console.log(`\n${name}${isFused ? '' : ' (no fused kernel here: a substitute serves)'}`);
  for (const {label, reason} of contenders.filter(({reason}) => reason)) {
    console.log(`  ${label} was not measured: ${reason}`);
  }
  const rows = only(results, 'layerNorm').flatMap((result) =>
    result.rows.map((row, i) => [
      ...(i === 0 ? [formatShape(result.shape), KINDS[result.kind]] : ['', '']),
      labelOf(row.contender),
      ...timeCells(result.rows, row),
      row.error === undefined ? '–' : row.error.toExponential(1),
      row.gpuCalls ?? '–',
      row.gpuBytes === undefined
        ? '–'
        : `${(row.gpuBytes / leastBytes(result.shape, result.kind)).toFixed(1)}×`,
    ]),
  );
  const head = [
    'shape',
    'work',
    'contender',
    'median',
    'quartiles',
    'runs',
    'faster',
    'error',
    ...ON_GPU,
  ];
  const hasGpuCalls = only(results, 'layerNorm').some((result) =>
    result.rows.some(({gpuCalls}) => gpuCalls !== undefined),
  );
  printWithout(head, rows, hasGpuCalls ? [] : ON_GPU);

  const steps = only(results, 'trainingStep').flatMap(({rows, shape}) =>
    rows.map((row) => [formatShape(shape), labelOf(row.contender), ...timeCells(rows, row)]),
  );
  if (steps.length) {
    console.log('A training step of a transformer encoder of 12 blocks');
    printTable(['input', 'layer', 'median', 'quartiles', 'runs', 'faster'], steps);
  }
  const slopes = only(results, 'slope').flatMap(({rows, grows, kind}) =>
    rows.map(({contender, slope, reason}) => [
      grows,
      KINDS[kind],
      labelOf(contender),
      slope === undefined ? (reason ?? '') : slope.toFixed(2),
    ]),
  );
  if (slopes.length) {
    console.log('Growth of the cost with the size: 1 is linear');
    printTable(['grows', 'work', 'contender', 'exponent'], slopes);
  }
}

function timeCells(rows: Row[], row: Row): string[] {
  const {ms, low = 0, high = 0, runs = 1, reason = ''} = row;
  if (ms === undefined) return [reason, '', '', ''];
  return [
    formatTime(ms),
    runs > 1 ? `${formatTime(low)} – ${formatTime(high)}` : '',
    String(runs),
    formatRatio(ratioTo(rows, row)),
  ];
}

type Cell = string | number;

function printWithout(head: string[], rows: Cell[][], dropped: string[]): void {
  const kept = [...head.keys()].filter((i) => !dropped.includes(head[i]));
  const pick = (cells: Cell[]) => kept.map((i) => cells[i]);
  printTable(pick(head), rows.map(pick));
}
