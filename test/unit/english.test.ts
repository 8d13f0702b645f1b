/** Comments that someone who has never seen this repository understands: one rule, which finds most. */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

const FOLDERS = ['src', 'tools', 'bench', 'scripts', 'examples', 'playground', 'test'];

/** What was made, not written, and what is written for others. */
const LEFT_OUT = /node_modules|playground\/dist|module_bytes|test\/fixtures\/.*\.json/;

const files = FOLDERS.flatMap((folder) =>
  readdirSync(path.join(root, folder), {recursive: true, encoding: 'utf8'})
    .map((file) => path.join(folder, file))
    .filter((file) => /\.(ts|mjs|js)$/.test(file) && !LEFT_OUT.test(file)),
);

/** The doc comments of a file: the line that each begins in, and its words on one line. */
function docComments(text: string): {line: number; words: string}[] {
  return [...text.matchAll(/\/\*\*(.*?)\*\//gs)].map(({index, 1: comment}) => ({
    line: text.slice(0, index).split('\n').length,
    words: comment
      .replace(/^\s*\*/gm, '')
      .replace(/\s+/g, ' ')
      .trim(),
  }));
}

/** A first sentence that is no more than a phrase: “As the others.”, “By name: …”, “In bytes.” */
const PHRASE = /^(Of|As|By|In|With) [^,]*?([.:;]|$)/;

test.each([
  ['In bytes.', true],
  ['By backend: the methods that start work.', true],
  ['As the transformer’s. Where the mask is 0, it passes over.', true],
  ['With up to twenty bytes changed.', true],
  ['Of the cores; more than this, and something else was at work.', true],
  ['In each block, the letters look at those before them.', false],
  ['The bytes, by backend.', false],
  ['Asks the backend.', false],
])('“%s” is a phrase: %s', (words, isPhrase) => {
  expect(PHRASE.test(words)).toBe(isPhrase);
});

test('no doc comment begins with Of, As, By, In or With and lacks a subject', () => {
  const phrases = files.flatMap((file) =>
    docComments(readFileSync(path.join(root, file), 'utf8'))
      .filter(({words}) => PHRASE.test(words))
      .map(({line, words}) => `${file}:${line}: ${words.slice(0, 80)}`),
  );
  expect(phrases).toEqual([]);
});
