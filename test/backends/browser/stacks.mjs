/** Turns places in bundles into places in sources. */
import {SourceMap} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/**
 * A place in a bundle. Jest's formatter takes the address for a path in some messages, and leaves
 * one slash of two.
 */
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
  /** @type {Map<string, SourceMap>} */
  const maps = new Map();
  /** @param {string} address */
  const mapOf = (address) => {
    const contents = files.get(`${address}.map`);
    if (contents && !maps.has(address)) {
      maps.set(address, new SourceMap(JSON.parse(Buffer.from(contents).toString())));
    }
    return maps.get(address);
  };

  /**
   * @param {string} place
   * @param {string} address
   * @param {number} line
   * @param {number} column
   */
  const toSource = (place, address, line, column) => {
    // Node's source maps count from 0, stacks from 1.
    const entry = mapOf(address)?.findEntry(line - 1, column - 1);
    if (!entry || !('originalSource' in entry)) return place;
    const source = path.resolve(rootDir, path.dirname(address.slice(1)), entry.originalSource);
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  };
  /** @param {string} line */
  const isOfHarness = (line) => /^\s*at /.test(line) && line.includes(HARNESS_FOLDER);

  return (text) =>
    text
      .split('\n')
      .map((line) =>
        line.replace(PLACE, (place, address, row, column) => toSource(place, address, row, column)),
      )
      .filter((line) => !isOfHarness(line))
      .join('\n');
}
