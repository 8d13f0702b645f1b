/**
 * Checks an HDF5 file's global heaps, where its texts are. The HDF5 library walks through them by
 * the lengths that are written there, and where one is wrong it may walk for ever.
 */
import type {Pace} from './tensor.js';

const SIGNATURE = [...'GCOL'].map((char) => char.charCodeAt(0));

/** A heap's header, and that of each object in it: what its length does not count. */
const HEADER = 16;

/** Bytes that are looked through at a time: it takes a few milliseconds. */
const PIECE = 2 ** 20;

/** @throws Error A heap whose objects do not fill it, one after the other. */
export async function checkHeaps(bytes: Uint8Array, pace: Pace): Promise<void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkWidths(bytes);
  for (let start = 0; start < bytes.length; start += PIECE) {
    checkPiece(bytes, view, start, Math.min(bytes.length, start + PIECE));
    await pace();
  }
}

/** Checks the heaps that begin in this piece of the file. */
function checkPiece(bytes: Uint8Array, view: DataView, start: number, end: number): void {
  const [first] = SIGNATURE;
  const next = (from: number) => {
    const found = bytes.subarray(from, end).indexOf(first);
    return found < 0 ? end : from + found;
  };
  for (let at = next(start); at < end; at = next(at + 1)) {
    const isHeap = SIGNATURE.every((code, i) => bytes[at + i] === code) && bytes[at + 4] === 1;
    if (!isHeap || at + HEADER > bytes.length) continue;
    const heapEnd = at + Number(view.getBigUint64(at + 8, true));
    // What does not fit the file is no heap, or one that the library refuses itself.
    if (heapEnd <= bytes.length) checkHeap(view, at, heapEnd);
  }
}

function checkHeap(view: DataView, start: number, end: number): void {
  for (let at = start + HEADER; at + HEADER <= end; ) {
    const isFree = view.getUint16(at, true) === 0;
    const length = Number(view.getBigUint64(at + 8, true));
    const taken = isFree ? length : HEADER + 8 * Math.ceil(length / 8);
    if (taken < HEADER || at + taken > end) {
      throw damaged(
        `at byte ${at} a heap has an object of ${taken} bytes, expected from ${HEADER} to ${end - at}`,
      );
    }
    at += taken;
  }
}

/** The lengths above are of 8 bytes in every file that Keras writes; here a file says so. */
function checkWidths(bytes: Uint8Array): void {
  if (bytes.length < HEADER) return; // the library says that it is cut short
  const at = bytes[8] < 2 ? 13 : 9; // by the version of the superblock
  if (bytes[at] === 8 && bytes[at + 1] === 8) return;
  throw damaged(
    `it has addresses and lengths of ${bytes[at]} and ${bytes[at + 1]} bytes, expected 8`,
  );
}

/** The error of a file that is no HDF5 file as it should be. */
export function damaged(reason: string, cause?: unknown): Error {
  return new Error(`the HDF5 file is damaged or cut short: ${reason}.`, {cause});
}
