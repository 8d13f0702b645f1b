/** The numbers as tables in the terminal. */
import {printTable} from '../../examples/support/table.mjs';
import {formatRatio, formatShape, formatTime, KINDS, ratioTo} from './format.mjs';
import {leastBytes} from './gpu_calls.mjs';

/** Draw calls or dispatches; the bytes they move, as a multiple of the least that is possible. */
const ON_GPU = ['GPU calls', 'bytes'];

/** @param {{name: string, contenders: object[], results: object[]}} environment with its report */
export function printReport({name, isFused, contenders, results}) {
  const labels = new Map(contenders.map((contender) => [contender.name, contender.label]));
  const only = (type) => results.filter((result) => result.type === type);

  console.log(`\n${name}${isFused ? '' : ' (no fused kernel here: a substitute serves)'}`);
  for (const {label, reason} of contenders.filter(({reason}) => reason)) {
    console.log(`  ${label} was not measured: ${reason}`);
  }
  const rows = only('layerNorm').flatMap((result) =>
    result.rows.map((row, i) => [
      ...(i === 0 ? [formatShape(result.shape), KINDS[result.kind]] : ['', '']),
      labels.get(row.contender),
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
  printWithout(head, rows, results.some(hasGpuCalls) ? [] : ON_GPU);

  const steps = only('trainingStep').flatMap(({rows, shape}) =>
    rows.map((row) => [formatShape(shape), labels.get(row.contender), ...timeCells(rows, row)]),
  );
  if (steps.length) {
    console.log('A training step of a transformer encoder of 12 blocks');
    printTable(['input', 'layer', 'median', 'quartiles', 'runs', 'faster'], steps);
  }
  const slopes = only('slope').flatMap(({rows, grows, kind}) =>
    rows.map(({contender, slope, reason}) => [
      grows,
      KINDS[kind],
      labels.get(contender),
      slope === undefined ? reason : slope.toFixed(2),
    ]),
  );
  if (slopes.length) {
    console.log('Growth of the cost with the size: 1 is linear');
    printTable(['grows', 'work', 'contender', 'exponent'], slopes);
  }
}

const hasGpuCalls = ({rows}) => rows.some(({gpuCalls}) => gpuCalls !== undefined);

function timeCells(rows, row) {
  if (row.ms === undefined) return [row.reason, '', '', ''];
  return [
    formatTime(row.ms),
    row.runs > 1 ? `${formatTime(row.low)} – ${formatTime(row.high)}` : '',
    String(row.runs),
    formatRatio(ratioTo(rows, row)),
  ];
}

function printWithout(head, rows, dropped) {
  const kept = head.map((title, i) => [title, i]).filter(([title]) => !dropped.includes(title));
  const pick = (cells) => kept.map(([, i]) => cells[i]);
  printTable(pick(head), rows.map(pick));
}
