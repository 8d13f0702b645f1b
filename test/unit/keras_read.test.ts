/** The parts by which a file of Keras is read, one by one: heaps, JSON, weights, addresses, progress. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {checkHeaps} from '../../src/keras/read/hdf5_heaps.js';
import {parseJson, storedWeights} from '../../src/keras/read/model_json.js';
import {newReport} from '../../src/keras/read/progress.js';
import {type KerasSource, readSource} from '../../src/keras/read/source.js';
import {newPace} from '../../src/keras/read/tensor.js';
import {mostBytes, unzipKeras} from '../../src/keras/read/zip.js';
import {expectClose} from '../support/close.js';
import {zip} from '../support/zip.js';

describe('progress', () => {
  test('adds the parts up, tells nothing twice and ends at 1', () => {
    const told: number[] = [];
    const report = newReport((fraction) => told.push(fraction));
    report('fetch', 0);
    report('fetch', 0.5);
    report('fetch', 0.25);
    report('fetch', 2);
    report('unpack', 0.5);
    report('read', 0.5);
    report('read', 1);
    report('read', 1);
    expect(told).toHaveLength(6);
    const [none, half, all, unpacking, reading, done] = told;
    expect([none, done]).toEqual([0, 1]);
    expect(half).toBeCloseTo(all / 2, 10);
    // A part that is half done counts half of what it takes from where the one before it ends.
    expect(unpacking).toBeGreaterThan(all);
    expect(reading).toBeCloseTo((1 + 2 * unpacking - all) / 2, 10);
  });

  test('need not be told to anybody', () => expect(() => newReport()('read', 1)).not.toThrow());
});

test('work gives way to others when it has lasted, and not before', async () => {
  const now = jest.spyOn(performance, 'now').mockReturnValue(1000);
  const pace = newPace();
  now.mockReturnValue(1010);
  expect(pace()).toBeUndefined();
  now.mockReturnValue(1090);
  const waiting = pace();
  expect(waiting).toBeInstanceOf(Promise);
  await waiting;
  now.mockReturnValue(1100);
  expect(pace()).toBeUndefined();
  now.mockRestore();
});

describe('the heaps of an HDF5 file', () => {
  /** A heap with objects [index, length, …data], the data up to a multiple of 8. */
  function heap(size: number, objects: [index: number, length: number][], version = 1) {
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    bytes.set([...'GCOL'].map((char) => char.charCodeAt(0)));
    bytes[4] = version;
    view.setBigUint64(8, BigInt(size), true);
    let at = 16;
    for (const [index, length] of objects) {
      view.setUint16(at, index, true);
      view.setBigUint64(at + 8, BigInt(length), true);
      at += index ? 16 + 8 * Math.ceil(length / 8) : length;
    }
    return bytes;
  }

  /** A file whose superblock has this version and these widths, with parts at their places. */
  function file(
    parts: [at: number, part: Uint8Array][],
    {
      version = 0,
      widths = [8, 8],
      length = 200,
    }: {version?: number; widths?: number[]; length?: number} = {},
  ) {
    const whole = new Uint8Array(length + 3);
    const bytes = whole.subarray(3); // a view of a buffer that does not begin with it
    bytes[8] = version;
    bytes.set(widths, version < 2 ? 13 : 9);
    for (const [at, part] of parts) bytes.set(part, at);
    return bytes;
  }

  const good: [number, number][] = [
    [1, 5],
    [0, 24],
  ];
  const tooLong: [number, number][] = [[1, 100]];
  const check = (bytes: Uint8Array) => checkHeaps(bytes, () => {});

  test.each([
    ['objects that fill it', file([[40, heap(64, good)]])],
    ['objects that leave less than a header', file([[40, heap(48, [[1, 5]])]])],
    ['an object that ends with it', file([[40, heap(16 + 24, [[1, 8]])]])],
    ['no superblock to speak of', new Uint8Array(12)],
    ['a superblock of version 2', file([[40, heap(64, good)]], {version: 2})],
    ['a heap of another version', file([[40, heap(64, tooLong, 2)]])],
    [
      'letters that are no heap',
      file([[40, Uint8Array.from([...'GCOX'], (c) => c.charCodeAt(0))]]),
    ],
    ['a heap that is larger than the file', file([[40, heap(161, tooLong).subarray(0, 160)]])],
    ['the header of a heap cut short', file([[190, heap(64, good).subarray(0, 8)]])],
  ])('%s', (_, bytes) => expect(check(bytes)).resolves.toBeUndefined());

  test.each([
    [
      'an object that is longer than the rest of the heap',
      file([[40, heap(64, tooLong)]]),
      'at byte 56 a heap has an object of 120 bytes, expected from 16 to 48.',
    ],
    [
      'free room of no length, at which a walk stays for ever',
      file([
        [
          40,
          heap(64, [
            [1, 5],
            [0, 0],
          ]),
        ],
      ]),
      'at byte 80 a heap has an object of 0 bytes, expected from 16 to 24.',
    ],
    [
      'a heap that ends with the file',
      file([[136, heap(64, tooLong)]]),
      'at byte 152 a heap has an object of 120 bytes',
    ],
    [
      'a heap behind its first letter',
      file([
        [39, Uint8Array.of(71)],
        [40, heap(64, tooLong)],
      ]),
      'at byte 56 a heap',
    ],
    ...[
      {version: 0, widths: [4, 8]},
      {version: 0, widths: [8, 4]},
      {version: 1, widths: [8, 2]},
      {version: 2, widths: [4, 4]},
    ].map(({version, widths: [addresses, lengths]}): [string, Uint8Array, string] => [
      `widths in version ${version}`,
      file([], {version, widths: [addresses, lengths]}),
      `it has addresses and lengths of ${addresses} and ${lengths} bytes, expected 8.`,
    ]),
  ])('%s', (_, bytes, message) =>
    expect(check(bytes)).rejects.toThrow(`the HDF5 file is damaged or cut short: ${message}`),
  );

  test.each([
    ['in its second piece', 2 ** 20 + 5],
    ['across two pieces', 2 ** 20 - 2],
  ])('of a large file, %s', async (_, at) => {
    let pieces = 0;
    const bytes = file([[at, heap(64, tooLong)]], {length: 2 ** 20 + 400});
    await expect(checkHeaps(bytes, () => void pieces++)).rejects.toThrow(
      `at byte ${at + 16} a heap`,
    );
    expect(pieces).toBeLessThan(2);
    const whole = file([[at, heap(64, good)]], {length: 2 ** 20 + 400});
    await checkHeaps(whole, () => void pieces++);
    expect(pieces).toBeGreaterThanOrEqual(2);
  });
});

describe('JSON as Python writes it', () => {
  test.each([
    ['{"a": NaN}', {a: Number.NaN}],
    ['[Infinity, -Infinity, 1]', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]],
    [
      '{"NaN": "Infinity \\" NaN", "b": [NaN, "-Infinity"]}',
      {NaN: 'Infinity " NaN', b: [Number.NaN, '-Infinity']},
    ],
    ['{"a": "\\\\", "b": Infinity}', {a: '\\', b: Number.POSITIVE_INFINITY}],
    ['{"a": 1}', {a: 1}],
  ])('%s', (text, value) => expect(parseJson(text, 'it')).toEqual(value));

  test.each(['{"a": nan}', '{"a": xNaN}', '[Infinity2]', '{"a": NaN', ''])('not %s', (text) =>
    expect(() => parseJson(text, 'config.json')).toThrow(/^config\.json is no JSON: ./),
  );
});

describe('the weights of a model.json', () => {
  type Spec = tf.io.WeightsManifestEntry;
  const read = async (weightSpecs: Spec[] | undefined, ...parts: ArrayBufferView[]) => {
    const bytes = parts.map(({buffer}) => buffer as ArrayBuffer);
    const before = tf.memory().numTensors;
    const stored = storedWeights({weightSpecs, weightData: bytes});
    const values = await Promise.all(stored.map((tensor) => tensor.read(() => {})));
    expect(tf.memory().numTensors).toBe(before);
    return stored.map(({name, shape, size}, i) => ({name, shape, size, values: [...values[i]]}));
  };

  test('one after the other, of each type and width', async () => {
    const quantized = (dtype: 'uint8' | 'uint16' | 'float16', more: object) => ({
      quantization: {dtype, scale: 0.5, min: -1, original_dtype: 'float32', ...more} as never,
    });
    const specs: Spec[] = [
      {name: 'a', shape: [2], dtype: 'float32'},
      {name: 'b', shape: [3], dtype: 'bool'},
      {name: 'c', shape: [4], dtype: 'float32', ...quantized('uint8', {})},
      {name: 'd', shape: [1, 2], dtype: 'float32', ...quantized('uint16', {})},
      {name: 'e', shape: [2], dtype: 'float32', ...quantized('float16', {})},
      {name: 'f', shape: [2], dtype: 'int32', ...quantized('uint8', {scale: 3, min: 10})},
      {name: 'g', shape: [], dtype: 'int32'},
    ];
    const found = await read(
      specs,
      Float32Array.of(1.5, -2),
      Uint8Array.of(1, 0, 1),
      Uint8Array.of(0, 1, 2, 255),
      Uint16Array.of(0, 65535),
      Uint16Array.of(0x3e00, 0xc000),
      Uint8Array.of(0, 2),
      Int32Array.of(7),
    );
    expect(found).toEqual([
      {name: 'a', shape: [2], size: 2, values: [1.5, -2]},
      {name: 'b', shape: [3], size: 3, values: [1, 0, 1]},
      {name: 'c', shape: [4], size: 4, values: [-1, -0.5, 0, 126.5]},
      {name: 'd', shape: [1, 2], size: 2, values: [-1, 32766.5]},
      {name: 'e', shape: [2], size: 2, values: [1.5, -2]},
      {name: 'f', shape: [2], size: 2, values: [10, 16]},
      {name: 'g', shape: [], size: 1, values: [7]},
    ]);
  });

  test('none, and too few bytes', async () => {
    expect(await read(undefined)).toEqual([]);
    expect(() => storedWeights({})).toThrow('the model comes without weights.');
    const specs: Spec[] = [
      {name: 'a', shape: [2], dtype: 'float32'},
      {name: 'b', shape: [3], dtype: 'bool'},
    ];
    expect(() => storedWeights({weightSpecs: specs, weightData: new ArrayBuffer(10)})).toThrow(
      'the weights need 11 bytes, but there are 10.',
    );
  });

  const good = {name: 'a', shape: [1], dtype: 'float32'};
  const uint8 = {dtype: 'uint8', scale: 1, min: 0};
  test.each<[unknown, string]>([
    [{}, 'weightSpecs must be a list of weights, but is {}'],
    [[null], 'weightSpecs[0].name must be a name, but is absent'],
    [[{...good, name: ''}], 'weightSpecs[0].name must be a name, but is ""'],
    [[{...good, name: 'toString'}], 'weightSpecs[0].name must be a name, but is "toString"'],
    [
      [good, {...good, shape: [null]}],
      'weightSpecs[1].shape must be a list of whole numbers, but is [null]',
    ],
    [[{...good, shape: [-1]}], 'weightSpecs[0].shape must be a list of whole numbers, but is [-1]'],
    [
      [{...good, shape: [0.5]}],
      'weightSpecs[0].shape must be a list of whole numbers, but is [0.5]',
    ],
    [[{...good, shape: 1}], 'weightSpecs[0].shape must be a list of whole numbers, but is 1'],
    [
      [{...good, dtype: 'complex64'}],
      'weightSpecs[0].dtype must be one of float32, int32, bool, but is',
    ],
    [
      [{...good, dtype: 'bool', quantization: uint8}],
      'weightSpecs[0].dtype must be one of float32, int32, but is "bool"',
    ],
    [
      [{...good, dtype: 'int32', quantization: {dtype: 'float16'}}],
      'weightSpecs[0].quantization.dtype must be uint8 or uint16, but is "float16"',
    ],
    [
      [{...good, quantization: {...uint8, scale: null}}],
      'weightSpecs[0].quantization.scale must be a number, but is null',
    ],
    [
      [{...good, quantization: {...uint8, min: '0'}}],
      'weightSpecs[0].quantization.min must be a number, but is "0"',
    ],
  ])('%j is refused', (weightSpecs, message) =>
    expect(() => storedWeights({weightSpecs, weightData: new ArrayBuffer(99)} as never)).toThrow(
      `in its config ${message}`,
    ),
  );
});

describe('addresses', () => {
  const fetching = () => jest.spyOn(globalThis, 'fetch');
  const served =
    (bytes: number[], headers: Record<string, string> = {}) =>
    async () =>
      new Response(Uint8Array.from(bytes), {headers});
  const read = async (source: KerasSource, told: number[] = []) =>
    readSource(source as string, (share) => told.push(share));

  test('a page reads a name beside its own address', async () => {
    const fetched: string[] = [];
    const mock = fetching().mockImplementation(async (url) => {
      fetched.push(String(url));
      return new Response(Uint8Array.of(fetched.length));
    });
    const {versions} = process;
    const setVersions = (value: object) =>
      Object.defineProperty(process, 'versions', {value, configurable: true, enumerable: true});
    setVersions({});
    Object.assign(globalThis, {location: {href: 'https://site.test/app/page.html'}});
    try {
      const {bytes, beside} = await read('models/model.json');
      expect([...bytes]).toEqual([1]);
      const good = ['w.bin', 'below/w.bin', '..w.bin', 'a..b/w.bin'];
      for (const name of good) await beside?.(name);
      expect(fetched).toEqual(
        ['model.json', ...good].map((name) => `https://site.test/app/models/${name}`),
      );
      const bad = [
        '../w',
        '..',
        'a/..',
        'a/../w',
        'a\\..\\w',
        '\\w',
        '/w',
        'HTTPS://a',
        'c:w',
        'a+b.c-1:w',
      ];
      for (const name of bad) {
        expect(() => beside?.(name)).toThrow(
          `the model names weights outside of its folder, "${name}".`,
        );
      }
      expect(fetched).toHaveLength(1 + good.length);
    } finally {
      setVersions(versions);
      Reflect.deleteProperty(globalThis, 'location');
      mock.mockRestore();
    }
  });

  test.each<[string, Record<string, string>, number[]]>([
    ['of known length', {'content-length': '4'}, [1]],
    ['whose length is not said', {}, []],
    ['that is sent compressed', {'content-length': '2', 'content-encoding': 'gzip'}, []],
  ])('a file %s', async (_, headers, expected) => {
    const mock = fetching().mockImplementation(served([1, 2, 3, 4], headers));
    const told: number[] = [];
    const {bytes} = await read('https://site.test/a', told);
    expect([...bytes]).toEqual([1, 2, 3, 4]);
    expect(told).toEqual(expected);
    mock.mockRestore();
  });

  test('a file that is not there', async () => {
    const mock = fetching().mockImplementation(async () => new Response(null, {status: 503}));
    await expect(read(new URL('https://site.test/a'))).rejects.toThrow(
      'https://site.test/a gave HTTP 503.',
    );
    mock.mockRestore();
  });

  test.each([
    ['as long as is said', 10],
    ['longer than is said', 4],
    ['far longer', 1],
    ['shorter', 16],
  ])('a stream %s', async (_, size) => {
    const chunks = [
      [1, 2, 3],
      [4, 5, 6, 7, 8],
      [9, 10],
    ];
    const stream = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(Uint8Array.from(chunk));
          controller.close();
        },
      });
    const told: number[] = [];
    const source = {size, stream, arrayBuffer: () => {}} as unknown as Blob;
    const {bytes} = await read(source, told);
    expect([...bytes]).toEqual(chunks.flat());
    expect(told).toEqual([3 / size, 8 / size, 10 / size]);
  });

  test('a text of bytes', async () => {
    const {bytes} = await read('data:application/octet-stream;base64,AQID');
    expect([...bytes]).toEqual([1, 2, 3]);
  });
});

describe('the zip of a .keras file', () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  test('is told how far it is unpacked', async () => {
    const weights = Uint8Array.from({length: 200_000}, (_, i) => (i * i) % 251);
    const parts = {'metadata.json': encode('{}'), 'config.json': encode('[]')};
    const bytes = await zip({...parts, 'model.weights.h5': weights});
    const found = await unzipKeras(bytes, () => {});
    expect([found.metadata, found.config]).toEqual(['{}', '[]']);
    const told: number[] = [];
    expectClose(await found.weights((done) => told.push(done)), weights, 0);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  test('may grow by so much, a small one by 64 MB', () => {
    expect([0, 1000, 2 ** 20].map(mostBytes)).toEqual([2 ** 26, 2 ** 26, 100 * 2 ** 20]);
  });
});
