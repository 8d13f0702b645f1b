/** How exact the contenders are on rows of `rows.ts`, in y and in each gradient. */

import {errorsOf} from '../support/error.js';
import {expectedOutputs, termSizes} from '../support/expected.js';
import type {AccuracyRow, AccuracyTask, Context, Kind, Runnable} from '../types.js';
import {firstLine, refuseTooSlow} from './layer_norm.js';
import {createRows} from './rows.js';

const COMPARED = ['layer', 'built-in', 'onnxruntime', 'torch'];
const OUTPUTS: Partial<Record<Kind, string[]>> = {
  forward: ['y'],
  backward: ['dx', 'dgamma', 'dbeta'],
};

/**
 * Gives a row for each contender. The first is what float32 can hold: the expected values, rounded.
 */
export async function measureAccuracy(
  context: Context,
  contenders: Runnable[],
  {name}: AccuracyTask,
): Promise<AccuracyRow[]> {
  const {shape, epsilon, data} = createRows(name);
  const cols = shape[shape.length - 1];
  const rounded: AccuracyRow = {contender: 'rounded', errors: {}, reasons: {}};
  const compared = contenders.filter(({name: contender}) => COMPARED.includes(contender));
  const rows = compared.map(
    (contender): AccuracyRow => ({contender: contender.name, errors: {}, reasons: {}}),
  );
  for (const [kind, outputs] of Object.entries(OUTPUTS) as [Kind, string[]][]) {
    const expected = expectedOutputs(data, {cols, epsilon, kind});
    const sizes = termSizes(data, {cols, epsilon, kind});
    const record = (row: AccuracyRow, values: ArrayLike<number>[]) => {
      const errors = errorsOf(values, expected, cols, sizes);
      for (const [i, output] of outputs.entries()) row.errors[output] = errors[i];
    };
    record(
      rounded,
      expected.map((values) => Float32Array.from(values)),
    );
    for (const [i, {made, kinds, growth}] of compared.entries()) {
      if (!kinds.includes(kind)) continue;
      try {
        await refuseTooSlow(context, {made, growth, shape, kind});
        const work = await made.prepare({shape, data, kind, epsilon});
        record(rows[i], await work.outputs());
        await work.dispose();
      } catch (error) {
        rows[i].reasons[kind] = firstLine(error);
      }
    }
  }
  return [rounded, ...rows];
}
