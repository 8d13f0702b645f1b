/** Takes the parts of a `.keras` file out of its zip; nothing else is unpacked. */
import type {Entry} from '@zip.js/zip.js';
import type {Pace} from './tensor.js';

export interface KerasParts {
  metadata: string;
  config: string;
  /** Takes out the HDF5 file of the weights, and tells how much of it is done, from 0 to 1. */
  weights(onProgress: (done: number) => void): Promise<Uint8Array>;
}

/**
 * The most that a file of this many bytes is unpacked to. Keras packs without compression, and
 * weights compress little: what grows more than this is not a model but meant to fill the memory.
 */
export const mostBytes = (length: number) => Math.max(2 ** 26, 100 * length);

/** @throws Error Not a whole zip, a part missing, damaged, or out of proportion to the file. */
export async function unzipKeras(bytes: Uint8Array, pace: Pace): Promise<KerasParts> {
  const {Uint8ArrayReader, ZipReader} = await import('@zip.js/zip.js');
  const options = {useWebWorkers: false, checkSignature: true, checkOverlappingEntry: true};
  const reader = new ZipReader(new Uint8ArrayReader(bytes), options);
  const entries = await reader.getEntries();
  let left = mostBytes(bytes.length);
  const part = async (name: string, onProgress?: (done: number) => void) => {
    const entry = entries.find(({filename}) => filename === name);
    if (!entry) throw new Error(`the zip has no ${name}.`);
    const content = await unpack(bytes, entry, left, pace, onProgress);
    left -= content.length;
    return content;
  };
  const text = async (name: string) => new TextDecoder().decode(await part(name));
  return {
    metadata: await text('metadata.json'),
    config: await text('config.json'),
    weights: (onProgress) => part('model.weights.h5', onProgress),
  };
}

/**
 * The content of an entry. The library checks all of it, also that of an entry which is not compressed,
 * as Keras writes them: that is then taken from where it lies, without a copy.
 */
async function unpack(
  bytes: Uint8Array,
  entry: Entry,
  most: number,
  pace: Pace,
  onProgress: (done: number) => void = () => {},
): Promise<Uint8Array> {
  if (!('getData' in entry) || !entry.getData) throw new Error(`${entry.filename} is a folder.`);
  const tooLarge = new Error(`${entry.filename} unpacks to more than ${most} bytes.`);
  if (entry.uncompressedSize > most) throw tooLarge;
  const isStored = entry.compressionMethod === STORED;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({
    // Counts while unpacking: the size in the zip is no more than a claim.
    async write(chunk) {
      size += chunk.length;
      if (size > most) throw tooLarge;
      if (!isStored) chunks.push(chunk);
      onProgress(size / entry.uncompressedSize);
      await pace();
    },
  });
  try {
    await entry.getData(sink);
  } catch (error) {
    // What the library says of a sink that fails depends on the library's version.
    if (size > most) throw tooLarge;
    const reason = (error as Error).message;
    throw new Error(`${entry.filename} in the zip is damaged and cannot be read: ${reason}`);
  }
  if (!isStored) return new Uint8Array(await new Blob(chunks).arrayBuffer());
  const start = startOf(bytes, entry.offset);
  return bytes.subarray(start, start + size);
}

/** A zip's number for an entry that is not compressed. */
const STORED = 0;

/** Where the content of an entry begins: behind its header of 30 bytes, its name and what is extra. */
function startOf(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
}
