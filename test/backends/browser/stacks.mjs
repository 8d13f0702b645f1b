/** Turns places in bundles into places in sources. */
import {SourceMap} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** With one slash where Jest's formatter has taken the address for a path. */
const PLACE = /https?:\/\/?127\.0\.0\.1:\d+(\/[^\s:)]+):(\d+):(\d+)/g;

/** Frames in here say nothing of the test. */
const HARNESS_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param {string} rootDir
 * @param {Map<string, Uint8Array>} files bundles and their source maps, by address
 * @returns {(text: string) => string} replaces each place `http://…/bundle.js:line:column` in a
 *   stack by that of the source, an absolute path, and leaves out the frames of the harness
 */
export function stackMapper(rootDir, files) {
  const maps = new Map();
  const mapOf = (address) => {
    const contents = files.get(`${address}.map`);
    if (contents && !maps.has(address)) {
      maps.set(address, new SourceMap(JSON.parse(Buffer.from(contents).toString())));
    }
    return maps.get(address);
  };

  const toSource = (place, address, line, column) => {
    // Node's source maps count from 0, stacks from 1.
    const entry = mapOf(address)?.findEntry(line - 1, column - 1);
    if (entry?.originalSource === undefined) return place;
    const source = path.resolve(rootDir, path.dirname(address.slice(1)), entry.originalSource);
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  };
  const isOfHarness = (line) => /^\s*at /.test(line) && line.includes(HARNESS_FOLDER);

  return (text) =>
    text
      .split('\n')
      .map((line) => line.replace(PLACE, toSource))
      .filter((line) => !isOfHarness(line))
      .join('\n');
}
