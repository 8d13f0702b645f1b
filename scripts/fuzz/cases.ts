/**
 * The hostile files: case `i` of a kind is the same in every run with the same seed.
 */
import type {io} from '@tensorflow/tfjs';
import {File, ready} from 'h5wasm';
import type {KerasSource} from '../../src/keras/index.js';
import {bytesOf, readFixtures} from '../../tools/fixtures.js';
import {Random} from '../../tools/random.js';
import {mutate} from './mutate.js';
import {unzip, zip} from './zip.js';

const library = await ready;

type Bytes = Uint8Array<ArrayBuffer>;

/** What a fixture holds of a Keras model: its files in Base64, gzipped. */
interface KerasFixture {
  files?: {keras?: string; h5?: string};
  converted?: Record<string, {json: string; weights: string}>;
}

/** What `kerasFileOf` makes a .keras file of. */
interface KerasParts {
  metadata: Bytes;
  config: object;
  weights: Bytes;
}

/** What a handler loads of a model. */
type Artifacts = Required<Pick<io.ModelArtifacts, 'weightSpecs'>> & {
  modelTopology: {node: {name: string; op: string; input: string[]}[]};
  signature?: object;
  weightData: ArrayBuffer;
};

/** Files by their names, of which `model.json` is the one to load. */
export interface Files {
  files: Record<string, string | Uint8Array>;
}

export interface Case<Given> {
  kind: string;
  given: Given;
}

/** Case `i` of `count`, which is the same for the same seed. */
type CaseOf<Given> = (i: number, count: number, seed: number) => Promise<Case<Given>>;

/** A kind of hostile file, made with random numbers. */
type Kind<Given> = (random: Random, i: number, count: number) => Given | Promise<Given>;

/** How much zeros of a bomb take once unpacked. */
const BOMB_BYTES = 2 ** 30;
/** Bombs take seconds to make: every so many cases. */
const CASES_A_BOMB = 500;

/** Files for `loadKerasModel`, or handlers that load what the converter made. */
export async function kerasCases(): Promise<CaseOf<KerasSource | Files>> {
  const fixtures: KerasFixture[] = readFixtures('keras');
  const models = fixtures.filter(({files}) => files?.keras && files.h5);
  const files = models.flatMap(({files: {keras = '', h5 = ''} = {}}) => [
    bytesOf(keras),
    bytesOf(h5),
  ]);
  const converted = models.flatMap(({converted: {keras, h5} = {}}) =>
    [keras, h5].filter((one) => one !== undefined).map(artifactsOf),
  );
  const h5s = files.filter((file) => file[0] === 0x89);
  const zips = files.filter((file) => file[0] === 0x50);
  const parts = await Promise.all(zips.map(partsOf));
  let bomb: Bytes | undefined;
  const kinds: Record<string, Kind<KerasSource | Files>> = {
    random: (random) => {
      const magic = random.of<number[]>([
        [],
        [0x50, 0x4b, 3, 4],
        [0x89, 72, 68, 70, 13, 10, 26, 10],
      ]);
      return Uint8Array.from([...magic, ...random.bytes(random.below(2000))]);
    },
    truncated: (random, i, count) => {
      const file = random.of(files);
      return file.slice(0, Math.floor((file.length * i) / count));
    },
    'bytes changed': (random) => changed(random.of(files), random),
    'config mutated': (random) => {
      const {config, ...others} = random.of(parts);
      return kerasZip({...others, config: mutate(config, random, 1 + random.below(3))});
    },
    // Unlike those changed above the zip's checksums do not give it away.
    'weights changed': (random) => {
      const {weights, ...others} = random.of(parts);
      return kerasZip({...others, weights: changed(weights, random)});
    },
    'config in .h5 mutated': (random) => {
      return withConfig(random.of(h5s), (config) => mutate(config, random, 1 + random.below(3)));
    },
    'converted mutated': (random) => {
      const {weightData, ...artifacts} = random.of(converted);
      const end = random.below(4) ? weightData.byteLength : random.below(weightData.byteLength);
      const mutated = mutate(artifacts, random, 1 + random.below(3));
      return {load: async () => ({...mutated, weightData: weightData.slice(0, end)})};
    },
    'model.json mutated': (random) => {
      const {modelTopology, weightSpecs, weightData} = random.of(converted);
      const weightsManifest = [{paths: ['weights.bin'], weights: weightSpecs}];
      const json = mutate({modelTopology, weightsManifest}, random, 1 + random.below(3));
      return {files: {'model.json': JSON.stringify(json), 'weights.bin': Buffer.from(weightData)}};
    },
    'size told wrongly': (random) => {
      return kerasZip(random.of(parts), random.of([0, 1, 1000, 2 ** 31, 2 ** 32 - 1]));
    },
    bomb: (random) => {
      bomb ??= new Uint8Array(BOMB_BYTES);
      const claimedSize = random.of([bomb.length, 100]);
      const name = random.of(['config.json', 'model.weights.h5']);
      const other = name === 'config.json' ? 'model.weights.h5' : 'config.json';
      const file = zip([
        {name: 'metadata.json', bytes: random.of(parts).metadata},
        {name, bytes: bomb, claimedSize},
        {name: other, bytes: Buffer.from('{"class_name": "Sequential", "config": {}}')},
      ]);
      bomb = undefined;
      return file;
    },
  };
  const names = Object.keys(kinds).filter((name) => name !== 'bomb');
  return async (i, count, seed) => {
    const kind = i % CASES_A_BOMB === CASES_A_BOMB - 1 ? 'bomb' : names[i % names.length];
    return {kind, given: await kinds[kind](new Random(seed + i), i, count)};
  };
}

/** Makes a .keras file, which may tell a wrong size of its config. */
function kerasZip({metadata, config, weights}: KerasParts, claimedSize?: number): Promise<Bytes> {
  return zip([
    {name: 'metadata.json', bytes: metadata},
    {name: 'config.json', bytes: Buffer.from(JSON.stringify(config)), claimedSize},
    {name: 'model.weights.h5', bytes: weights},
  ]);
}

/** An .h5 file with its model's config changed. */
function withConfig(bytes: Bytes, change: (config: object) => object): Bytes {
  const name = 'changed.h5';
  library.FS.writeFile(name, bytes);
  const file = new File(name, 'a');
  const config: object = JSON.parse(String(file.attrs.model_config.value));
  file.delete_attribute('model_config');
  file.create_attribute('model_config', JSON.stringify(change(config)));
  file.close();
  const changed = Uint8Array.from(library.FS.readFile(name));
  library.FS.unlink(name);
  return changed;
}

/** A copy with up to twenty bytes changed. */
function changed(bytes: Bytes, random: Random): Bytes {
  const copy = Uint8Array.from(bytes);
  for (let n = random.below(20); n >= 0; n--) copy[random.below(copy.length)] = random.below(256);
  return copy;
}

/** What a handler loads of a model that the converter has written. */
function artifactsOf({json, weights}: {json: string; weights: string}) {
  const {modelTopology, weightsManifest}: io.ModelJSON = JSON.parse(
    Buffer.from(bytesOf(json)).toString(),
  );
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  return {modelTopology, weightSpecs, weightData: bytesOf(weights).buffer};
}

/** The parts of a .keras file. */
async function partsOf(bytes: Bytes): Promise<KerasParts> {
  const parts = await unzip(bytes);
  const part = (name: string) => {
    const found = parts.get(name);
    if (!found) throw new Error(`A fixture has no ${name}.`);
    return found;
  };
  return {
    metadata: part('metadata.json'),
    config: JSON.parse(Buffer.from(part('config.json')).toString()),
    weights: part('model.weights.h5'),
  };
}

/** What a handler given to `fuseGraph` loads. */
export async function graphCases(): Promise<CaseOf<Artifacts>> {
  const models: Artifacts[] = readFixtures('graph').map(({weights, ...fixture}) => ({
    modelTopology: fixture.modelTopology,
    signature: fixture.signature,
    weightSpecs: fixture.weightSpecs,
    weightData: bytesOf(weights).buffer,
  }));
  const kinds: Record<string, Kind<Artifacts>> = {
    'weights truncated': (random, i, count) => {
      const model = random.of(models);
      const end = Math.floor((model.weightData.byteLength * i) / count);
      return {...model, weightData: model.weightData.slice(0, end)};
    },
    'weights random': (random) => {
      const model = random.of(models);
      return {...model, weightData: random.bytes(model.weightData.byteLength).buffer};
    },
    'graph mutated': (random) => {
      const model = random.of(models);
      return {...model, modelTopology: mutate(model.modelTopology, random, 1 + random.below(3))};
    },
    'specs mutated': (random) => {
      const model = random.of(models);
      return {...model, weightSpecs: mutate(model.weightSpecs, random, 1 + random.below(3))};
    },
    'all mutated': (random) => mutate(random.of(models), random, 1 + random.below(5)),
    'inputs rewired': (random) => {
      const model = random.of(models);
      const modelTopology = structuredClone(model.modelTopology);
      const nodes = modelTopology.node;
      for (let n = random.below(10); n >= 0; n--) {
        const node = random.of(nodes);
        node.op = random.of([node.op, 'Identity', random.of(nodes).op]);
        node.input = [random.of(nodes).name, random.of(nodes).name].slice(random.below(2));
      }
      return {...model, modelTopology};
    },
    'long chain': (random) => {
      const length = random.of([10, 1000, 20_000]);
      const node = Array.from({length}, (_, i) => ({
        name: `n${i}`,
        op: 'Identity',
        input: i ? [`n${i - 1}`] : [],
      }));
      if (random.below(2)) node[0].input.push(`n${length - 1}`); // a circle
      node.push({name: 'y', op: 'Mul', input: [`n${length - 1}`, 'n0']});
      return {modelTopology: {node}, weightSpecs: [], weightData: new ArrayBuffer(0)};
    },
  };
  const names = Object.keys(kinds);
  return async (i, count, seed) => {
    const kind = names[i % names.length];
    return {kind, given: await kinds[kind](new Random(seed + i), i, count)};
  };
}
