/**
 * Into how many chunks the `webgl` kernels cut a row or a column. A texel of a program's output adds
 * up one chunk, so that a long sum is shared by many texels, which a GPU computes at once.
 *
 * A chunk is every n-th texel of a row, or of a column. Either the rows are cut (few, long ones) or
 * the columns (many rows), never both. It takes one more draw call, which adds up the chunks.
 */
import type {Layout} from './packed.js';

/** A program should have so many texels to compute, for a GPU with fewer has idle cores. */
const enoughTexels = 1024;

/** The fewest texels of a chunk: what a shorter one saves in time, its own texel costs. */
const shortestRowChunk = 32;
const shortestColumnChunk = 8;

/**
 * The most texels of a column's chunk. Neighbouring columns lie in one cache line, and are read by
 * neighbouring texels a little later: a chunk should be so short that the lines of its first rows are
 * still in the cache then.
 */
const longestColumnChunk = 64;

/** One texel adds up all the chunks of a row or a column, one after the other. */
const mostChunks = 512;

/** Into how many chunks each row and each column of x is cut; 1 where it stays whole. */
export interface Chunks {
  ofRow: number;
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
