/** A model of Keras opens from wherever a page or a program has it. */
import {jest} from '@jest/globals';
import {type KerasSource, loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import {kerasFixtures} from '../../fixtures/keras/index.js';
import {expectClose} from '../../support/close.js';
import {gunzip} from '../../support/gunzip.js';

const [fixture] = kerasFixtures;

async function expectLoads(source: KerasSource) {
  const model = await loadKerasModel(source);
  const {values, shape} = fixture.xs[0];
  const x = tf.tensor(values, shape);
  const y = model.predict(x) as tf.Tensor;
  expectClose(await y.data(), fixture.ys[0].values, 1e-5);
  tf.dispose([x, y]);
  model.dispose();
}

/** `fetch` of a site that has these files, and no others. */
function serve(files: Record<string, Uint8Array>) {
  return jest.spyOn(globalThis, 'fetch').mockImplementation(async (address) => {
    const content = files[String(address)];
    return content ? new Response(content.slice()) : new Response(null, {status: 404});
  });
}

/** The converter's model, its weights in two files. */
async function modelJson(change = (name: string) => name) {
  const {json, weights} = fixture.converted.keras;
  const model = JSON.parse(new TextDecoder().decode(await gunzip(json)));
  model.weightsManifest[0].paths = ['a.bin', 'below/b.bin'].map(change);
  const bytes = await gunzip(weights);
  return {
    'model.json': new TextEncoder().encode(JSON.stringify(model)),
    'a.bin': bytes.slice(0, 100),
    'below/b.bin': bytes.slice(100),
  };
}

test('bytes, an ArrayBuffer, a Blob and a File', async () => {
  const bytes = (await gunzip(fixture.files.h5)).slice();
  await expectLoads(bytes);
  await expectLoads(bytes.buffer);
  await expectLoads(new Blob([bytes]));
  await expectLoads(new File([bytes], 'model.h5'));
});

test('the URL of a file', async () => {
  const fetching = serve({'https://site.test/model.keras': await gunzip(fixture.files.keras)});
  await expectLoads('https://site.test/model.keras');
  await expectLoads(new URL('https://site.test/model.keras'));
  await expect(loadKerasModel('https://site.test/none.keras')).rejects.toThrow(
    'loadKerasModel: https://site.test/none.keras gave HTTP 404.',
  );
  fetching.mockRestore();
});

test.each([10, 100_000])('the URL of a file that is said to have %i bytes', async (length) => {
  const bytes = await gunzip(fixture.files.keras);
  const headers = {'content-length': String(length)};
  const fetching = jest
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async () => new Response(bytes.slice(), {headers}));
  const shares: number[] = [];
  const model = await loadKerasModel('https://site.test/model.keras', {
    onProgress: (share) => shares.push(share),
  });
  model.dispose();
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
  fetching.mockRestore();
});

test('the URL of a blob', async () => {
  const url = URL.createObjectURL(new Blob([(await gunzip(fixture.files.keras)).slice()]));
  await expectLoads(url);
  URL.revokeObjectURL(url);
});

test('the URL of a model.json, its weights beside it', async () => {
  const files = Object.entries(await modelJson());
  const fetching = serve(
    Object.fromEntries(files.map(([name, content]) => [`https://site.test/m/${name}`, content])),
  );
  await expectLoads('https://site.test/m/model.json');
  fetching.mockRestore();
});

test.each(['../a.bin', '/a.bin', 'https://other.test/a.bin', 'x\\..\\..\\a.bin'])(
  'a model.json whose weights are at %s is an error',
  async (path) => {
    const files = await modelJson((name) => (name === 'a.bin' ? path : name));
    const fetching = serve({'https://site.test/m/model.json': files['model.json']});
    await expect(loadKerasModel('https://site.test/m/model.json')).rejects.toThrow(
      'loadKerasModel: the model names weights outside of its folder',
    );
    fetching.mockRestore();
  },
);
