/** Zip files: honest ones, such as lie about what they hold, and what is in one. */
import {configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter} from '@zip.js/zip.js';

configure({useWebWorkers: false});

export interface Part {
  name: string;
  bytes: Uint8Array;
  /** The size that the zip tells; default: the real one. */
  claimedSize?: number;
}

/** Deflates parts into a zip, the same bytes each time. */
export async function zip(parts: Part[]): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    dataDescriptor: false, // so that the sizes stand in both headers
    extendedTimestamp: false,
    lastModDate: new Date(2000, 0, 1),
  });
  for (const {name, bytes} of parts) await writer.add(name, new Uint8ArrayReader(bytes));
  const file = Uint8Array.from(await writer.close());
  for (const {name, claimedSize} of parts) {
    if (claimedSize !== undefined) claimSize(file, name, claimedSize);
  }
  return file;
}

/** Where a part's size and name stand in its two headers, which begin with these four bytes. */
const HEADERS = [
  {signature: 'PK\x03\x04', sizeAt: 22, nameAt: 30},
  {signature: 'PK\x01\x02', sizeAt: 24, nameAt: 46},
];

/** Writes another size of a part into its headers; no library writes such a zip. */
function claimSize(file: Uint8Array<ArrayBuffer>, name: string, size: number): void {
  const buffer = Buffer.from(file.buffer);
  for (const {signature, sizeAt, nameAt} of HEADERS) {
    let at = buffer.indexOf(signature, 0, 'latin1');
    while (buffer.toString('utf8', at + nameAt, at + nameAt + name.length) !== name) {
      at = buffer.indexOf(signature, at + 1, 'latin1');
      if (at < 0) throw new Error(`The zip has no ${name}.`);
    }
    buffer.writeUInt32LE(size, at + sizeAt);
  }
}

/** The parts of a zip, by name. */
export async function unzip(file: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const reader = new ZipReader(new Uint8ArrayReader(file));
  const parts = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const entry of await reader.getEntries()) {
    if (entry.directory) continue;
    parts.set(entry.filename, Uint8Array.from(await entry.getData(new Uint8ArrayWriter())));
  }
  await reader.close();
  return parts;
}
