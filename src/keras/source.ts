/** Reads the bytes of a model file from wherever it is. */

/** A path (Node) or URL, a File or Blob, or the bytes themselves. */
export type KerasSource = string | URL | Blob | ArrayBuffer | Uint8Array;

/** @throws Error The file cannot be read. */
export async function readSource(source: KerasSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== 'string' && 'arrayBuffer' in source) {
    return new Uint8Array(await source.arrayBuffer());
  }
  const address = String(source);
  const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
  if (inNode && !/^(https?|data|blob):/.test(address)) {
    const fs = 'node:fs/promises'; // by a variable: bundlers for the browser leave it alone
    const {readFile} = (await import(fs)) as typeof import('node:fs/promises');
    return new Uint8Array(await readFile(source as string | URL));
  }
  const response = await fetch(address);
  if (!response.ok) throw new Error(`loadKerasModel: ${address} gave HTTP ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
