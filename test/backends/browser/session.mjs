/** What the specs of one project share: the bundles, their server and the browsers. */
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {ENGINES} from '../../../tools/engines/index.mjs';
import {pageOf, serve} from '../../../tools/server.mjs';
import {addressOf, bundleHarness, bundleSpecs} from './bundle.mjs';
import {stackMapper} from './stacks.mjs';

/** @typedef {import('../../../tools/engines/index.mjs').EngineName} EngineName */

/** The backend's WebAssembly: it loads it by address, so that it cannot be bundled. */
const WASM_FILE = /^\/node_modules\/@tensorflow\/tfjs-backend-wasm\/dist\/[\w-]+\.wasm$/;

export class Session {
  /** All that is served, by address. @type {Map<string, Uint8Array>} */
  files = new Map();
  /** @type {(text: string) => string} */
  mapStack = (text) => text;
  /** Why a spec could not be bundled, by its path. @type {Map<string, unknown>} */
  bundleErrors = new Map();
  /** @type {Promise<Awaited<ReturnType<typeof serve>>> | undefined} */
  server;
  /** One for each lane of the runner. @type {import('playwright-core').Browser[]} */
  browsers = [];

  /** @param {import('@jest/test-result').Test[]} tests of one project */
  constructor(tests) {
    const {rootDir, setupFilesAfterEnv, testEnvironmentOptions} = tests[0].context.config;
    const {engine} = /** @type {{engine: EngineName}} */ (testEnvironmentOptions);
    this.engine = ENGINES[engine];
    this.rootDir = rootDir;
    this.setupPaths = setupFilesAfterEnv;
    this.specPaths = tests.map(({path}) => path);
  }

  /**
   * Readies all that `test` needs; what is there already is kept.
   *
   * @param {import('@jest/test-result').Test} test
   * @param {number} lane whose browser it runs in
   * @returns {Promise<{browser: import('playwright-core').Browser, origin: string, modules: string[]}>}
   *   the addresses of the modules that the test's page has to load, in order, among it
   * @throws if the spec cannot be bundled, or no browser be started
   */
  async ready(test, lane) {
    this.server ??= this.bundleAndServe();
    const {origin} = await this.server;
    if (this.bundleErrors.has(test.path)) throw this.bundleErrors.get(test.path);
    if (!this.browsers[lane]?.isConnected()) {
      this.browsers[lane] = await this.engine.launch();
    }
    return {
      browser: this.browsers[lane],
      origin,
      modules: [...this.setupPaths, test.path].map((path) => addressOf(this.rootDir, path)),
    };
  }

  async bundleAndServe() {
    const harness = await bundleHarness(this.rootDir);
    this.add(harness.files);
    await this.bundleSpecs();
    this.mapStack = stackMapper(this.rootDir, this.files);
    return serve((address) => {
      if (address === '/') return pageOf(harness.address);
      return this.files.get(address) ?? this.wasmFile(address);
    });
  }

  /** @param {string} address */
  wasmFile(address) {
    const file = path.join(this.rootDir, address);
    return WASM_FILE.test(address) && existsSync(file) ? readFileSync(file) : undefined;
  }

  /** All together; where that fails, without those that fail alone too. */
  async bundleSpecs() {
    /** @param {string[]} paths */
    const bundle = (paths) => bundleSpecs(this.rootDir, [...this.setupPaths, ...paths]);
    try {
      this.add(await bundle(this.specPaths));
    } catch {
      for (const path of this.specPaths) {
        await bundle([path]).catch((error) => this.bundleErrors.set(path, error));
      }
      this.add(await bundle(this.specPaths.filter((path) => !this.bundleErrors.has(path))));
    }
  }

  /** @param {Map<string, Uint8Array>} files */
  add(files) {
    for (const [address, contents] of files) this.files.set(address, contents);
  }

  async close() {
    await Promise.all(this.browsers.map((browser) => browser.close()));
    const server = await this.server?.catch(() => undefined);
    await server?.close();
  }
}
