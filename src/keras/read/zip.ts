/** Takes the parts of a `.keras` file out of its zip; nothing else is unpacked. */
import type {Entry} from '@zip.js/zip.js';

export interface KerasParts {
  metadata: string;
  config: string;
  weights: Uint8Array;
}

/**
 * The most that a file of this many bytes is unpacked to. Keras packs without compression, and
 * weights compress little: what grows more than this is not a model but meant to fill the memory.
 */
export const mostBytes = (length: number) => Math.max(2 ** 26, 100 * length);

/** @throws Error Not a whole zip, a part missing, damaged, or out of proportion to the file. */
export async function unzipKeras(bytes: Uint8Array): Promise<KerasParts> {
  const {Uint8ArrayReader, ZipReader} = await import('@zip.js/zip.js');
  const options = {useWebWorkers: false, checkSignature: true, checkOverlappingEntry: true};
  const reader = new ZipReader(new Uint8ArrayReader(bytes), options);
  try {
    const entries = await reader.getEntries();
    let left = mostBytes(bytes.length);
    const part = async (name: string) => {
      const entry = entries.find(({filename}) => filename === name);
      if (!entry) throw new Error(`the zip has no ${name}.`);
      const content = await unpack(entry, left);
      left -= content.length;
      return content;
    };
    const text = async (name: string) => new TextDecoder().decode(await part(name));
    return {
      metadata: await text('metadata.json'),
      config: await text('config.json'),
      weights: await part('model.weights.h5'),
    };
  } finally {
    await reader.close();
  }
}

/** Counts while unpacking: the size in the zip is no more than a claim. */
async function unpack(entry: Entry, most: number): Promise<Uint8Array<ArrayBuffer>> {
  if (!('getData' in entry) || !entry.getData) throw new Error(`${entry.filename} is a folder.`);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(chunk) {
      size += chunk.length;
      if (size > most) throw new Error(`${entry.filename} unpacks to more than ${most} bytes.`);
      chunks.push(chunk);
    },
  });
  try {
    await entry.getData(sink);
  } catch (error) {
    throw new Error(`${entry.filename} in the zip cannot be read: ${(error as Error).message}`);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
