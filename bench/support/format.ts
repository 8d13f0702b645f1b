/** Numbers as people read them. */
import type {Kind, Row} from '../types.js';

/** Milliseconds, with a unit that suits. */
export function formatTime(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toPrecision(3)} µs`;
  if (ms < 1000) return `${ms.toPrecision(3)} ms`;
  return `${(ms / 1000).toPrecision(3)} s`;
}

/** Formats a relative error. */
export function formatError(error?: number): string {
  if (error === undefined) return '–';
  if (Number.isNaN(error)) return 'NaN';
  if (error === Number.POSITIVE_INFINITY) return 'Inf';
  if (error === 0) return '0';
  return error < 0.01 ? error.toExponential(1) : error.toPrecision(2);
}

/** How many times faster than the built-in layer; nothing where that was not measured. */
export function formatRatio(ratio?: number): string {
  if (ratio === undefined) return '–';
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`;
}

export function formatShape(shape: number[]): string {
  return `[${shape.join(', ')}]`;
}

export const KINDS: Record<Kind, string> = {
  forward: 'forward',
  backward: 'forward + backward',
  sum: 'add + forward',
};

/** Times faster than the built-in layer's row among these. */
export function ratioTo(rows: Row[], row: Row): number | undefined {
  const base = rows.find(({contender}) => contender === 'built-in')?.ms;
  return base === undefined || row.ms === undefined ? undefined : base / row.ms;
}
