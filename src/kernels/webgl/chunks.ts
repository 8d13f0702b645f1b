/**
 * Into how many chunks the sums are cut, so that no texel has all the work to itself.
 *
 * A chunk is every n-th texel of a row, or of a column. Either the rows are cut (few, long ones) or
 * the columns (many rows): one more draw call, but never both.
 */
import type {Layout} from './packed.js';

/** As many texels at work keep a GPU busy. */
const enoughTexels = 1024;

/** A chunk shorter than this is not worth a texel. */
const shortestRowChunk = 32;
const shortestColumnChunk = 8;

/** Neighbouring columns share a cache line: so many rows of it stay in the cache until the next. */
const longestColumnChunk = 64;

/** The chunks are added up one after the other. */
const mostChunks = 512;

export interface Chunks {
  /** To each row of x. */
  ofRow: number;
  /** To each column of x. */
  ofColumn: number;
}

export function chunksOf({rowPairs, colPairs}: Layout): Chunks {
  const cutRows = rowPairs < 256 || (rowPairs < enoughTexels && colPairs >= enoughTexels);
  if (cutRows) {
    const wanted = Math.ceil(enoughTexels / rowPairs);
    return {ofRow: chunks(wanted, colPairs, shortestRowChunk), ofColumn: 1};
  }
  const wanted = Math.max(
    Math.ceil(enoughTexels / colPairs),
    Math.ceil(rowPairs / longestColumnChunk),
  );
  return {ofRow: 1, ofColumn: chunks(wanted, rowPairs, shortestColumnChunk)};
}

function chunks(wanted: number, length: number, shortest: number): number {
  return Math.max(1, Math.min(wanted, mostChunks, Math.floor(length / shortest)));
}
