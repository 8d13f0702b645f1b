/**
 * The hostile files: case `i` of a kind is the same in every run with the same seed.
 */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync, inflateRawSync} from 'node:zlib';
import {File, ready} from 'h5wasm';
import {root} from '../setup/shell.mjs';
import {Draw, mutate} from './random.mjs';
import {zip} from './zip.mjs';

const library = await ready;

/** Base64, of some fixtures after gzip. */
const bytesOf = (base64) => {
  const bytes = Buffer.from(base64, 'base64');
  return new Uint8Array(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
};

function fixtures(folder) {
  const dir = path.join(root, 'test/fixtures', folder);
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(dir, name), 'utf8')));
}

/** How much zeros of a bomb take once unpacked. */
const BOMB_BYTES = 2 ** 30;
/** Bombs take seconds to make: every so many cases. */
const CASES_A_BOMB = 500;

/**
 * Files for `loadKerasModel`: the bytes of one, `files` by their names, of which `model.json` is the
 * one to load, or a handler that loads what the converter made.
 *
 * @returns {(i: number, count: number, seed: number) => {kind: string, source: object}}
 */
export function kerasCases() {
  const models = fixtures('keras').filter(({files}) => files?.keras && files.h5);
  const files = models.flatMap(({files: {keras, h5}}) => [bytesOf(keras), bytesOf(h5)]);
  const converted = models.flatMap(({converted: {keras, h5} = {}}) =>
    [keras, h5].filter(Boolean).map(artifactsOf),
  );
  const zips = files.filter((file) => file[0] === 0x50);
  const h5s = files.filter((file) => file[0] === 0x89);
  const parts = zips.map((file) => partsOf(file)).filter(({config}) => config);
  let bomb;
  const kinds = {
    random: (draw) => {
      const magic = draw.of([[], [0x50, 0x4b, 3, 4], [0x89, 72, 68, 70, 13, 10, 26, 10]]);
      return Uint8Array.from([...magic, ...draw.bytes(draw.below(2000))]);
    },
    truncated: (draw, i, count) => {
      const file = draw.of(files);
      return file.slice(0, Math.floor((file.length * i) / count));
    },
    'bytes changed': (draw) => changed(draw.of(files), draw),
    'config mutated': (draw) => {
      const {config, ...others} = draw.of(parts);
      return kerasZip({...others, config: mutate(config, draw, 1 + draw.below(3))});
    },
    // Unlike those changed above the zip's checksums do not give it away.
    'weights changed': (draw) => {
      const {weights, ...others} = draw.of(parts);
      return kerasZip({...others, weights: changed(weights, draw)});
    },
    'config in .h5 mutated': (draw) => {
      return withConfig(draw.of(h5s), (config) => mutate(config, draw, 1 + draw.below(3)));
    },
    'converted mutated': (draw) => {
      const {weightData, ...artifacts} = draw.of(converted);
      const end = draw.below(4) ? weightData.byteLength : draw.below(weightData.byteLength);
      const mutated = mutate(artifacts, draw, 1 + draw.below(3));
      return {load: async () => ({...mutated, weightData: weightData.slice(0, end)})};
    },
    'model.json mutated': (draw) => {
      const {modelTopology, weightSpecs, weightData} = draw.of(converted);
      const weightsManifest = [{paths: ['weights.bin'], weights: weightSpecs}];
      const json = mutate({modelTopology, weightsManifest}, draw, 1 + draw.below(3));
      return {files: {'model.json': JSON.stringify(json), 'weights.bin': Buffer.from(weightData)}};
    },
    'size told wrongly': (draw) => {
      return kerasZip(draw.of(parts), draw.of([0, 1, 1000, 2 ** 31, 2 ** 32 - 1]));
    },
    bomb: (draw) => {
      bomb ??= new Uint8Array(BOMB_BYTES);
      const claimedSize = draw.of([bomb.length, 100]);
      const name = draw.of(['config.json', 'model.weights.h5']);
      const other = name === 'config.json' ? 'model.weights.h5' : 'config.json';
      const file = zip([
        {name: 'metadata.json', bytes: draw.of(parts).metadata},
        {name, bytes: bomb, claimedSize},
        {name: other, bytes: Buffer.from('{"class_name": "Sequential", "config": {}}')},
      ]);
      bomb = undefined;
      return file;
    },
  };
  const names = Object.keys(kinds).filter((name) => name !== 'bomb');
  return (i, count, seed) => {
    const kind = i % CASES_A_BOMB === CASES_A_BOMB - 1 ? 'bomb' : names[i % names.length];
    return {kind, source: kinds[kind](new Draw(seed + i), i, count)};
  };
}

/** A .keras file of its parts, which may tell a wrong size of its config. */
function kerasZip({metadata, config, weights}, claimedSize) {
  return zip([
    {name: 'metadata.json', bytes: metadata},
    {name: 'config.json', bytes: Buffer.from(JSON.stringify(config)), claimedSize},
    {name: 'model.weights.h5', bytes: weights},
  ]);
}

/** An .h5 file with its model's config changed. */
function withConfig(bytes, change) {
  const name = 'changed.h5';
  library.FS.writeFile(name, bytes);
  const file = new File(name, 'a');
  const config = JSON.parse(file.attrs.model_config.value);
  file.delete_attribute('model_config');
  file.create_attribute('model_config', JSON.stringify(change(config)));
  file.close();
  const changed = library.FS.readFile(name);
  library.FS.unlink(name);
  return changed;
}

/** With up to twenty bytes changed. */
function changed(bytes, draw) {
  const copy = Uint8Array.from(bytes);
  for (let n = draw.below(20); n >= 0; n--) copy[draw.below(copy.length)] = draw.below(256);
  return copy;
}

/** What a handler loads of a model that the converter has written. */
function artifactsOf({json, weights}) {
  const {modelTopology, weightsManifest} = JSON.parse(Buffer.from(bytesOf(json)).toString());
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  return {modelTopology, weightSpecs, weightData: bytesOf(weights).slice().buffer};
}

/** The parts of a zip as Keras writes it. */
function partsOf(bytes) {
  const file = Buffer.from(bytes);
  const parts = {};
  let at = file.indexOf('PK\x01\x02', 0, 'latin1');
  while (at >= 0 && file.toString('latin1', at, at + 4) === 'PK\x01\x02') {
    const [method, size] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => file.readUInt16LE(at + field));
    const name = file.toString('utf8', at + 46, at + 46 + nameLength);
    const local = file.readUInt32LE(at + 42);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const stored = file.subarray(start, start + size);
    parts[name] = method === 8 ? inflateRawSync(stored) : stored;
    at += 46 + nameLength + extra + comment;
  }
  const config = parts['config.json'] && JSON.parse(parts['config.json']);
  return {metadata: parts['metadata.json'], config, weights: parts['model.weights.h5']};
}

/**
 * What a handler given to `fuseGraph` loads.
 *
 * @returns {(i: number, count: number, seed: number) => {kind: string, artifacts: object}}
 */
export function graphCases() {
  const models = fixtures('graph').map(({modelTopology, signature, weightSpecs, weights}) => ({
    modelTopology,
    signature,
    weightSpecs,
    weightData: bytesOf(weights).buffer,
  }));
  const kinds = {
    'weights truncated': (draw, i, count) => {
      const model = draw.of(models);
      const end = Math.floor((model.weightData.byteLength * i) / count);
      return {...model, weightData: model.weightData.slice(0, end)};
    },
    'weights random': (draw) => {
      const model = draw.of(models);
      return {...model, weightData: draw.bytes(model.weightData.byteLength).buffer};
    },
    'graph mutated': (draw) => {
      const model = draw.of(models);
      return {...model, modelTopology: mutate(model.modelTopology, draw, 1 + draw.below(3))};
    },
    'specs mutated': (draw) => {
      const model = draw.of(models);
      return {...model, weightSpecs: mutate(model.weightSpecs, draw, 1 + draw.below(3))};
    },
    'all mutated': (draw) => mutate(draw.of(models), draw, 1 + draw.below(5)),
    'inputs rewired': (draw) => {
      const model = draw.of(models);
      const modelTopology = structuredClone(model.modelTopology);
      const nodes = modelTopology.node;
      for (let n = draw.below(10); n >= 0; n--) {
        const node = draw.of(nodes);
        node.op = draw.of([node.op, 'Identity', draw.of(nodes).op]);
        node.input = [draw.of(nodes).name, draw.of(nodes).name].slice(draw.below(2));
      }
      return {...model, modelTopology};
    },
    'long chain': (draw) => {
      const length = draw.of([10, 1000, 20_000]);
      const node = Array.from({length}, (_, i) => ({
        name: `n${i}`,
        op: 'Identity',
        input: i ? [`n${i - 1}`] : [],
      }));
      if (draw.below(2)) node[0].input.push(`n${length - 1}`); // a circle
      node.push({name: 'y', op: 'Mul', input: [`n${length - 1}`, 'n0']});
      return {modelTopology: {node}, weightSpecs: [], weightData: new ArrayBuffer(0)};
    },
  };
  const names = Object.keys(kinds);
  return (i, count, seed) => {
    const kind = names[i % names.length];
    return {kind, artifacts: kinds[kind](new Draw(seed + i), i, count)};
  };
}
