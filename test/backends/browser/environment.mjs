/**
 * The Jest environment of a test in Node that opens pages: it gives `engine`, the browser engine that
 * the project names (`testEnvironmentOptions.engine`), or Chromium.
 */
import {TestEnvironment} from 'jest-environment-node';
import {ENGINES} from '../../../tools/engines/index.mjs';

/** @typedef {import('../../../tools/engines/index.mjs').EngineName} EngineName */

export default class EngineEnvironment extends TestEnvironment {
  /** @type {EngineName} */
  engineName;

  /** @param {ConstructorParameters<typeof TestEnvironment>} args */
  constructor(...args) {
    super(...args);
    const {engine = 'chromium'} = args[0].projectConfig.testEnvironmentOptions;
    this.engineName = /** @type {EngineName} */ (engine);
  }

  /** @override */
  async setup() {
    await super.setup();
    Object.assign(this.global, {engine: ENGINES[this.engineName]});
  }
}
