/** Zip files with the standard streams alone, so that a test can make them in a page as in Node. */
import {BlobReader, BlobWriter, Uint8ArrayReader, ZipReader, ZipWriter} from '@zip.js/zip.js';

/** What is in a zip, by name. */
type Parts = Record<string, Uint8Array>;

const noWorkers = {useWebWorkers: false};

/** Unpacks all parts of a zip. */
export async function unzip(bytes: Uint8Array): Promise<Parts> {
  const entries = await new ZipReader(new Uint8ArrayReader(bytes), noWorkers).getEntries();
  const parts: Parts = {};
  for (const entry of entries) {
    if (!('getData' in entry) || !entry.getData) continue;
    const blob = await entry.getData(new BlobWriter());
    parts[entry.filename] = new Uint8Array(await blob.arrayBuffer());
  }
  return parts;
}

/** Deflates parts into a zip. */
export async function zip(parts: Parts): Promise<Uint8Array> {
  const writer = new ZipWriter(new BlobWriter(), noWorkers);
  for (const [name, content] of Object.entries(parts)) {
    await writer.add(name, new BlobReader(new Blob([content.slice()])));
  }
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}
