/** How the cost of ours and of the built-in layer grows with one dimension of the input. */
import {logSlope} from '../support/stats.mjs';
import {measureLayerNorm} from './layer_norm.mjs';

const COMPARED = ['layer', 'built-in', 'copy'];

/** @returns {Promise<object[]>} a row a contender: `slope`, and `ms` for each shape */
export async function measureSlope(context, contenders, {shapes, kind}) {
  const compared = contenders.filter(
    ({name, kinds}) => COMPARED.includes(name) && kinds.includes(kind),
  );
  const rows = compared.map(({name}) => ({contender: name, ms: []}));
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
