/** One layer normalisation of a shape, each kind of work by itself, by all contenders. */

import {createData, EPSILON} from '../support/data.js';
import {errorsOf} from '../support/error.js';
import {expectedOutputs} from '../support/expected.js';
import {timeInTurn} from '../support/timing.js';
import type {Context, Kind, LayerNormTask, Limits, Made, Row, Runnable, Work} from '../types.js';

/** Gives a row for each contender: its times, or the reason why there are none. */
export async function measureLayerNorm(
  context: Context,
  contenders: Runnable[],
  {shape, kind, checksValues = true}: Omit<LayerNormTask, 'type'>,
): Promise<Row[]> {
  const data = createData(shape);
  const cols = shape[shape.length - 1];
  const expected = checksValues ? expectedOutputs(data, {cols, epsilon: EPSILON, kind}) : undefined;
  const rows: Row[] = [];
  const ready: {name: string; work: Work; row: Row}[] = [];
  for (const {name, kinds, made, growth, normalizes = true} of contenders) {
    if (!normalizes && kind !== 'forward') continue;
    // Without a gradient it is listed all the same, so that nobody misses it there.
    if (!kinds.includes(kind === 'backward' ? 'forward' : kind)) continue;
    const row: Row = {contender: name};
    rows.push(row);
    try {
      if (!kinds.includes(kind)) throw new Error('It offers no gradient.');
      await refuseTooSlow(context, {made, growth, shape, kind});
      const work = await made.prepare({shape, data, kind, epsilon: EPSILON});
      ready.push({name, work, row});
      if (expected && normalizes) {
        row.error = Math.max(...errorsOf(await work.outputs(), expected, cols));
      }
      const ms = await work.time(1);
      if (ms > context.limits.capMs) {
        Object.assign(row, {ms, low: ms, high: ms, runs: 1}); // the one run it gets
        continue;
      }
      if (context.countCalls && work.countCalls) {
        const {calls, bytes} = await work.countCalls(context.countCalls);
        row.gpuCalls = calls;
        row.gpuBytes = bytes;
      }
    } catch (error) {
      row.reason = firstLine(error);
    }
  }
  const runnable = ready.filter(({row}) => !row.reason && row.ms === undefined);
  const times = await timeInTurn(runnable, context.limits);
  for (const {name, row} of runnable) Object.assign(row, times.get(name));
  for (const {work} of ready) await work.dispose();
  return rows;
}

/**
 * Some contenders' cost grows faster than their input: measured on a 16th and a quarter of the
 * columns it is foretold, so that the benchmark need not wait for it.
 *
 * @throws Error One run would exceed the cap.
 */
export async function refuseTooSlow(
  {limits}: Context,
  {made, growth, shape, kind}: {made: Made; growth?: boolean; shape: number[]; kind: Kind},
): Promise<void> {
  const cols = shape[shape.length - 1];
  if (!growth || cols < 16_384) return;
  const probe = async (part: number) => {
    const smaller = [...shape.slice(0, -1), cols / part];
    const work = await made.prepare({
      shape: smaller,
      data: createData(smaller),
      kind,
      epsilon: EPSILON,
    });
    await work.time(1);
    const ms = await work.time(1);
    await work.dispose();
    return ms;
  };
  const sixteenth = await probe(16);
  const perQuarter = (quarter: number) => quarter * Math.max(4, quarter / sixteenth);
  if (sixteenth * 16 > limits.capMs) throw tooSlow(sixteenth * 16, limits);
  const foretold = perQuarter(await probe(4));
  if (foretold > limits.capMs) throw tooSlow(foretold, limits);
}

function tooSlow(ms: number, {capMs}: Limits): Error {
  const seconds = (value: number) => `${(value / 1000).toPrecision(2)} s`;
  return new Error(
    `One run would take about ${seconds(ms)}, by its growth at smaller sizes; the cap is ${seconds(capMs)}.`,
  );
}

/** The first line of what an error says. */
export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0];
}
