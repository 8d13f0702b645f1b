/** Each row of the table of Keras's classes, and each rule for masks, is met by a model of the fixtures. */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {classes, maskRule} from '../../src/keras/config/classes/index.js';
import {classOf, type Json} from '../../src/keras/config/saved.js';
import {readVersion} from '../../src/keras/config/version.js';
import {drawnModels} from '../fixtures/keras/drawn.js';
import {maskFixtures} from '../fixtures/keras/masks.js';
import {gunzip} from '../support/gunzip.js';

const folder = path.join(__dirname, '../fixtures/keras');

/** Rows that no fixture can meet, and why. */
const EXCEPTIONS: Record<string, string> = {
  ...because('it cannot be opened, which test/spec/keras/errors.spec.ts holds', [
    ...['FlaxLayer', 'HashedCrossing', 'Hashing', 'JaxLayer', 'Lambda', 'StringLookup'],
    ...['TextVectorization', 'TFSMLayer', 'TorchModuleWrapper'],
  ]),
  Equalization: 'Keras itself fails on a functional model with one',
  GroupedQueryAttention: 'it is the name that .h5 files have for GroupQueryAttention',
  LayerScale: 'keras.layers has it not; test/spec/keras/layers.spec.ts holds it',
  ...because('it is of this package, not of a file', [
    ...['AttachMask', 'CombineMasks', 'KerasOperation', 'MaskOf', 'MaskedMerge'],
  ]),
};

function because(reason: string, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

/** The classes of all that has a class in a file of JSON, by what the text says. */
function classesIn(text: string): Set<string> {
  const names = text.matchAll(/"class_name":\s*"([^"]+)"/g);
  return new Set([...names].map(([, name]) => classOf({class_name: name})));
}

test('each row of the table is met by a model, or says why not', async () => {
  const files = readdirSync(folder).filter(
    (name) => name.endsWith('.json') && !name.startsWith('advice'), // These models are refused.
  );
  const met = new Set<string>();
  for (const file of files) {
    for (const name of classesIn(readFileSync(path.join(folder, file), 'utf8'))) met.add(name);
  }
  const rows = Object.keys(classes);
  expect(rows.filter((name) => !met.has(name) && !(name in EXCEPTIONS))).toEqual([]);
  expect(Object.keys(EXCEPTIONS).filter((name) => met.has(name) || !rows.includes(name))).toEqual(
    [],
  );
});

test.each(drawnModels)(
  'each rule for masks of Keras $version is met behind a mask',
  async ({version, cases}) => {
    const parsed = readVersion(version);
    const masks = maskFixtures.find(({source}) => source.includes(version.slice(0, 4)));
    const texts = cases.map(({config}) => JSON.stringify(config));
    if (masks) texts.push(new TextDecoder('latin1').decode(await gunzip(masks.file)));
    const met = new Set<string>();
    for (const text of texts) {
      if (!/"Masking"|"mask_zero":\s*true/.test(text)) continue;
      for (const name of classesIn(text)) met.add(ruleOf(name, parsed));
    }
    const wanted = new Set(Object.keys(classes).map((name) => ruleOf(name, parsed)));
    expect([...wanted].filter((rule) => !met.has(rule))).toEqual([]);
  },
);

function ruleOf(name: string, version: Json): string {
  return maskRule(Object.hasOwn(classes, name) ? classes[name] : {}, version);
}
