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

export interface Chunks {
  /** To each row of x. */
  ofRow: number;
  /** To each column of x. */
  ofColumn: number;
}

export function chunksOf({rowPairs, colPairs}: Layout): Chunks {
  const cutRows = rowPairs < 256 || (rowPairs < enoughTexels && colPairs >= enoughTexels);
  return cutRows
    ? {ofRow: chunks(rowPairs, colPairs, shortestRowChunk), ofColumn: 1}
    : {ofRow: 1, ofColumn: chunks(colPairs, rowPairs, shortestColumnChunk)};
}

function chunks(sums: number, length: number, shortest: number): number {
  const wanted = Math.min(Math.ceil(enoughTexels / sums), Math.floor(length / shortest));
  return Math.max(1, wanted);
}
