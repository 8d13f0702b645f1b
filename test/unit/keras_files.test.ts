/** Models of Keras from files, as a program in Node names them, and from a real server. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {loadKerasModel} from '../../src/keras/index.js';
import {kerasFixtures} from '../fixtures/keras/index.js';
import {expectClose} from '../support/close.js';
import {gunzip} from '../support/gunzip.js';
import {unzip, zip} from '../support/zip.js';

const [fixture] = kerasFixtures;
const folder = mkdtempSync(path.join(tmpdir(), 'keras files '));

async function expectLoads(source: string | URL) {
  const model = await loadKerasModel(source);
  const y = model.predict(tf.tensor(fixture.xs[0].values, fixture.xs[0].shape)) as tf.Tensor;
  expectClose(y.dataSync(), fixture.ys[0].values, 1e-5);
}

beforeAll(async () => {
  const {json, weights} = fixture.converted.h5;
  writeFileSync(path.join(folder, 'model.keras'), await gunzip(fixture.files.keras));
  mkdirSync(path.join(folder, 'converted'));
  writeFileSync(path.join(folder, 'converted/model.json'), await gunzip(json));
  writeFileSync(path.join(folder, 'converted/group1-shard1of1.bin'), await gunzip(weights));
});

afterAll(() => rmSync(folder, {recursive: true}));

test('a path, absolute and relative', async () => {
  const file = path.join(folder, 'model.keras');
  await expectLoads(file);
  await expectLoads(path.relative(process.cwd(), file));
});

test('a file URL', async () => {
  const url = pathToFileURL(path.join(folder, 'model.keras'));
  await expectLoads(url);
  await expectLoads(String(url));
});

test('the path of a model.json, its weights beside it', () =>
  expectLoads(path.join(folder, 'converted/model.json')));

test('the URL of a server', async () => {
  const server = createServer(({url}, response) => {
    response.end(readFileSync(path.join(folder, url as string)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const {port} = server.address() as AddressInfo;
  await expectLoads(`http://127.0.0.1:${port}/model.keras`);
  await expectLoads(new URL(`http://127.0.0.1:${port}/converted/model.json`));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a path that is not there is an error', () =>
  expect(loadKerasModel(path.join(folder, 'none.keras'))).rejects.toThrow(
    /loadKerasModel: ENOENT.*none\.keras/,
  ));

test('a zip that would fill the memory is refused', async () => {
  const parts = await unzip(await gunzip(fixture.files.keras));
  const bomb = await zip({...parts, 'model.weights.h5': new Uint8Array(2 ** 26 + 1)});
  expect(bomb.length).toBeLessThan(200_000);
  const before = tf.memory().numTensors;
  await expect(loadKerasModel(bomb)).rejects.toThrow(
    /^loadKerasModel: .*model\.weights\.h5 unpacks to more than/,
  );
  expect(tf.memory().numTensors).toBe(before);
});
