/** Gets the bytes of a model file, and of the files of weights beside it, from wherever they are. */
import type {io} from '@tensorflow/tfjs-core';

/** A path (Node) or URL, a File or Blob, the bytes themselves, or a handler of tfjs. */
export type KerasSource = string | URL | Blob | ArrayBuffer | Uint8Array | io.IOHandler;

export interface Source {
  bytes: Uint8Array;
  /** Reads a file in the same place; absent where there is no place. */
  beside?: (name: string) => Promise<Uint8Array>;
}

export function isHandler(source: KerasSource): source is io.IOHandler {
  return typeof (source as io.IOHandler).load === 'function';
}

/**
 * @param onProgress is told how much of the file is there, from 0 to 1
 * @throws Error The file cannot be read.
 */
export async function readSource(
  source: Exclude<KerasSource, io.IOHandler>,
  onProgress: (done: number) => void,
): Promise<Source> {
  if (source instanceof Uint8Array) return {bytes: source};
  if (typeof source === 'string' || source instanceof URL) return readAddress(source, onProgress);
  // Not by instanceof: a page's Blob and ArrayBuffer may be of another realm.
  if ('arrayBuffer' in source) {
    return {bytes: await readStream(source.stream(), source.size, onProgress)};
  }
  return {bytes: new Uint8Array(source)};
}

async function readAddress(
  address: string | URL,
  onProgress: (done: number) => void,
): Promise<Source> {
  const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
  if (inNode && !/^(https?|data|blob):/.test(String(address))) return readPath(address);
  const absolute = new URL(address, globalThis.location?.href);
  return {
    bytes: await download(absolute, onProgress),
    beside: (name) => download(new URL(safeName(name), absolute)),
  };
}

async function download(url: URL, onProgress?: (done: number) => void): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} gave HTTP ${response.status}.`);
  // The length is that of what is sent, which may be compressed.
  const isPlain = !response.headers.get('content-encoding');
  const length = Number(response.headers.get('content-length'));
  if (!response.body || !isPlain || !length || !onProgress) {
    return new Uint8Array(await response.arrayBuffer());
  }
  return readStream(response.body, length, onProgress);
}

/** Reads a stream of as many bytes as `length`, or a few more or less, into one array. */
async function readStream(
  stream: ReadableStream<Uint8Array>,
  length: number,
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  let bytes = new Uint8Array(length);
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return bytes.subarray(0, size);
    if (size + value.length > bytes.length) {
      const longer = new Uint8Array(2 * (size + value.length));
      longer.set(bytes);
      bytes = longer;
    }
    bytes.set(value, size);
    size += value.length;
    onProgress(size / length);
  }
}

async function readPath(path: string | URL): Promise<Source> {
  const [{readFile}, {fileURLToPath}, {dirname, join}] = await Promise.all([
    builtIn<typeof import('node:fs/promises')>('node:fs/promises'),
    builtIn<typeof import('node:url')>('node:url'),
    builtIn<typeof import('node:path')>('node:path'),
  ]);
  const isUrl = path instanceof URL || path.startsWith('file:');
  const file = isUrl ? fileURLToPath(path) : path;
  const folder = dirname(file);
  // A view of what was read: a copy of a large file would hold up everything else, and the memory.
  const read = async (name: string) => {
    const {buffer, byteOffset, byteLength} = await readFile(name);
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  return {bytes: await read(file), beside: (name) => read(join(folder, safeName(name)))};
}

/**
 * A module of Node. No bundler may see that one is wanted: those for the browser would look for it,
 * and React Native's refuses to import what is not written out. Node before 20.16 cannot be asked for
 * its modules, hence the text in its place.
 */
async function builtIn<T>(name: string): Promise<T> {
  const {getBuiltinModule} = process as {getBuiltinModule?: (name: string) => unknown};
  if (getBuiltinModule) return getBuiltinModule(name) as T;
  return new Function('name', 'return import(name)')(name);
}

/** A file may name no others than those in its own folder and below. */
function safeName(name: string): string {
  const isBelow = !/^[/\\]|^[a-z][a-z0-9+.-]*:|(^|[/\\])\.\.([/\\]|$)/i.test(name);
  if (isBelow) return name;
  throw new Error(`the model names weights outside of its folder, "${name}".`);
}
