/** The documentation: its examples run and give what their comments say, its links lead somewhere. */
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import * as graph from '../../src/graph/index.js';
import * as library from '../../src/index.js';
import * as keras from '../../src/keras/index.js';
import keras2Mlp from '../fixtures/graph/keras2_mlp.json';
import keras3Mlp from '../fixtures/keras/keras3_mlp.json';

const root = path.resolve(__dirname, '../..');
const src = path.join(root, 'src');
const names = {tf, ...library, ...graph, ...keras};

interface Example {
  /** The export whose docstring holds it, or the page. */
  of: string;
  code: string;
}

const sources = readdirSync(src, {recursive: true, encoding: 'utf8'})
  .filter((file) => file.endsWith('.ts') && !file.includes('assembly'))
  .map((file) => readFileSync(path.join(src, file), 'utf8'));

const text = (file: string) => readFileSync(path.join(root, file), 'utf8');

const migration: Example[] = [...text('docs/migrating.md').matchAll(/```js\n(.*?)```/gs)].map(
  ([, code], i) => ({of: `docs/migrating.md, number ${i + 1}`, code}),
);

const docstrings: Example[] = sources.flatMap((text) =>
  [...text.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\nexport (?:async )?\w+ (\w+)/gs)].flatMap(
    ([, docstring, of]) =>
      [...docstring.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => ({
        of,
        code: code.replace(/^ \* ?/gm, ''),
      })),
  ),
);

beforeAll(async () => {
  await tf.setBackend('cpu');
  Object.assign(tf.backend(), {firstUse: false});
  serveGraphModel();
  serveKerasModel();
});

/** `model.json` is the address of a graph model of Keras 2 with two layer normalisations. */
function serveGraphModel(): void {
  const {modelTopology, signature, weightSpecs, weights} = keras2Mlp;
  const weightsManifest = [{paths: ['weights.bin'], weights: weightSpecs}];
  const files: Record<string, () => Response> = {
    'model.json': () => Response.json({modelTopology, signature, weightsManifest}),
    'weights.bin': () =>
      new Response(Buffer.from(weights, 'base64'), {
        headers: {'Content-Type': 'application/octet-stream'},
      }),
  };
  jest
    .spyOn(tf.env().platform, 'fetch')
    .mockImplementation(async (address: string) => files[path.posix.basename(address)]());
}

/** Any address that tfjs does not ask itself for is that of a model of Keras 3. */
function serveKerasModel(): void {
  const bytes = gunzipSync(Buffer.from(keras3Mlp.files.keras, 'base64'));
  jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(bytes));
}

test.each([...docstrings, ...migration])('the example of $of', async ({code}) => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
  const printed: unknown[] = [];
  jest.spyOn(console, 'log').mockImplementation((...values) => printed.push(...values));
  const expected = expectedValues(code);
  const {source, results} = instrument(code);
  const run = new Function(...Object.keys(names), 'results', `return (async () => {${source}})();`);
  await run(...Object.values(names), results);

  const actual = [...printed.map(String), ...results].map((value) =>
    numbersIn(typeof value === 'string' ? value : JSON.stringify(value)),
  );
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    const wanted = numbersIn(value);
    expect(actual[i].text).toBe(wanted.text);
    wanted.numbers.forEach((number, j) => {
      expect(actual[i].numbers[j]).toBeCloseTo(number, 6);
    });
  });
});

test('every function and class of the entries has an example', () => {
  const callable = Object.entries({...library, ...graph, ...keras})
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name);
  expect(callable.filter((name) => !docstrings.some(({of}) => of === name))).toEqual([]);
});

test('the reference has no broken link, and no export without a docstring', () => {
  const args = ['--import', 'tsx', path.join(root, 'scripts/docs.ts'), '--check'];
  const {status, stderr} = spawnSync(process.execPath, args, {cwd: root, encoding: 'utf8'});
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 120_000);

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(pages)('every file that %s links to is there', (page) => {
  const links = [...text(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, address]) => address);
  const local = links.filter((address) => !/^https?:/.test(address));
  const folder = path.dirname(path.join(root, page));
  expect(local.filter((address) => !existsSync(path.join(folder, address)))).toEqual([]);
});

test('every command that the pages name is one of package.json', () => {
  const {scripts} = JSON.parse(text('package.json'));
  const named = pages.flatMap((page) => [...text(page).matchAll(/npm run ([a-z0-9:-]+)/g)]);
  expect(named.map(([, name]) => name).filter((name) => !(name in scripts))).toEqual([]);
});

test('the code on the page of the gradient is that of the reference', () => {
  const withoutIndent = (code: string) => code.replace(/^ +/gm, '');
  const blocks = [...text('docs/gradient.md').matchAll(/```ts\n(.*?)```/gs)];
  expect(blocks).toHaveLength(3);
  for (const [, code] of blocks) {
    expect(withoutIndent(text('src/reference.ts'))).toContain(withoutIndent(code));
  }
});

/** What the comments say: after a statement in its line, or in the lines after `print()`. */
function expectedValues(code: string): string[] {
  const printed = [...code.matchAll(/\.print\(\);\n((?:\/\/.*\n)+)/g)].map(([, comment]) =>
    comment.replace(/^\/\//gm, ''),
  );
  const values = [...code.matchAll(/^[^/\n]+; \/\/ (.*)$/gm)].map(([, value]) => value);
  return [...printed, ...values];
}

/** The code with the value of each statement that has a comment in its line kept in `results`. */
function instrument(code: string): {source: string; results: unknown[]} {
  const source = code.replace(/^([^/\n]+); \/\/ .*$/gm, 'results.push($1);');
  return {source, results: []};
}

/** A value's text without blanks, quotes and numbers, and its numbers. */
function numbersIn(value: string): {text: string; numbers: number[]} {
  const plain = value.replace(/Tensor|[\s"']/g, '').replace(/,\]/g, ']');
  const pattern = /-?\d+(\.\d+)?(e[-+]?\d+)?/g;
  return {
    text: plain.replace(pattern, '#'),
    numbers: [...plain.matchAll(pattern)].map(([number]) => Number(number)),
  };
}
