/** How the cost of ours and of the built-in layer grows with one dimension of the input. */

import {logSlope} from '../support/stats.js';
import type {Context, Runnable, SlopeRow, SlopeTask} from '../types.js';
import {measureLayerNorm} from './layer_norm.js';

const COMPARED = ['layer', 'built-in', 'copy'];

/** Gives a row for each contender. */
export async function measureSlope(
  context: Context,
  contenders: Runnable[],
  {shapes, kind}: SlopeTask,
): Promise<SlopeRow[]> {
  const compared = contenders.filter(
    ({name, kinds}) => COMPARED.includes(name) && kinds.includes(kind),
  );
  const rows = compared.map(({name}): SlopeRow => ({contender: name, ms: []}));
  for (const shape of shapes) {
    const measured = await measureLayerNorm(context, compared, {shape, kind, checksValues: false});
    for (const [i, {ms, reason}] of measured.entries()) {
      if (ms === undefined) rows[i].reason ??= `${shape.join('×')}: ${reason}`;
      else rows[i].ms.push(ms);
    }
  }
  const grown = shapes.map((shape) => shape.reduce((product, n) => product * n, 1));
  for (const row of rows) if (!row.reason) row.slope = logSlope(grown, row.ms);
  return rows;
}
