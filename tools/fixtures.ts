/** Reads the fixtures of the tests where no test runs: `test/fixtures`. */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {root} from './shell.mjs';

const folder = path.join(root, 'test/fixtures');

/** A fixture by its path in `test/fixtures`. */
export function readFixture(file: string) {
  return JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
}

/** All the fixtures of a folder. */
export function readFixtures(name: string) {
  return readdirSync(path.join(folder, name))
    .filter((file) => file.endsWith('.json'))
    .map((file) => readFixture(path.join(name, file)));
}

/** The bytes that a fixture holds in Base64, some of them packed by gzip. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(base64, 'base64');
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return Uint8Array.from(isPacked ? gunzipSync(bytes) : bytes);
}
