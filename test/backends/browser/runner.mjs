/**
 * A Jest runner that runs each spec inside a real browser. The specs of a project are bundled
 * together (`bundle.mjs`) and served to headless Chromiums (`session.mjs`), where each gets a fresh
 * page (`run_spec.mjs`) with Jest's own circus and expect in it (`harness.ts`).
 * The results go back to Jest (`results.mjs`), with stacks that point at the sources (`stacks.mjs`).
 *
 * It honours the project's `setupFilesAfterEnv`, `testTimeout` and `--testNamePattern`.
 */
import {getConsoleOutput} from '@jest/console';
import {mapError, toTestResult} from './results.mjs';
import {runSpec} from './run_spec.mjs';
import {Session} from './session.mjs';

/**
 * @typedef {import('@jest/test-result').Test} Test
 * @typedef {import('@jest/test-result').TestResult} TestResult
 * @typedef {import('@jest/test-result').SerializableError} SerializableError
 */

/** Jest's own default. */
const DEFAULT_TIMEOUT_MS = 5000;

/** More browsers at a time would rather wait for one another's shaders and memory. */
const MOST_BROWSERS = 4;

export default class BrowserRunner {
  /** Jest is not to start workers for this runner: the browsers are processes of their own. */
  isSerial = true;
  supportsEventEmitters = false;

  /** @param {import('@jest/types').Config.GlobalConfig} globalConfig */
  constructor(globalConfig) {
    this.globalConfig = globalConfig;
  }

  /**
   * Called by Jest with all the tests of the project.
   *
   * @param {Test[]} tests
   * @param {{isInterrupted(): boolean}} watcher
   * @param {(test: Test) => Promise<void>} onStart
   * @param {(test: Test, result: TestResult) => Promise<void>} onResult
   * @param {(test: Test, error: SerializableError) => Promise<void>} onFailure
   */
  async runTests(tests, watcher, onStart, onResult, onFailure) {
    const session = new Session(tests);
    const waiting = [...tests];
    // Each lane is a browser of its own. A page waits for its GPU's process most of the time, which
    // works on one core: two browsers keep two cores busy.
    const runLane = async (/** @type {number} */ lane) => {
      for (let test = waiting.shift(); test; test = waiting.shift()) {
        if (watcher.isInterrupted()) return;
        await onStart(test);
        const ended = await this.runFile(test, session, lane).catch(({message}) => ({
          failure: {message: session.mapStack(message), stack: ''},
        }));
        await ('failure' in ended ? onFailure(test, ended.failure) : onResult(test, ended.result));
      }
    };
    const lanes = Math.min(this.globalConfig.maxWorkers, MOST_BROWSERS, tests.length);
    try {
      await Promise.all(Array.from({length: lanes}, (_, lane) => runLane(lane)));
    } finally {
      await session.close();
    }
  }

  /**
   * @param {Test} test
   * @param {Session} session
   * @param {number} lane which of the session's browsers runs it
   * @returns {Promise<{result: TestResult} | {failure: SerializableError}>} a failure if the spec
   *   threw on loading
   * @throws if the spec could not be run to its end, for a reason outside of it
   */
  async runFile(test, session, lane) {
    const start = Date.now();
    const {globalConfig} = this;
    const {run, console} = await runSpec({
      ...(await session.ready(test, lane)),
      testNamePattern: globalConfig.testNamePattern,
      testTimeout: globalConfig.testTimeout ?? DEFAULT_TIMEOUT_MS,
    });
    const {mapStack} = session;
    if (run.loadError) return {failure: mapError(run.loadError, mapStack)};
    const result = toTestResult({test, globalConfig, run, console, start, mapStack});
    this.printConsole(result, test.context.config);
    return {result};
  }

  /**
   * Jest's reporters print the console of a test file, but leave it to the runner if verbose.
   *
   * @param {TestResult} result
   * @param {import('@jest/types').Config.ProjectConfig} config
   */
  printConsole({console}, config) {
    const {silent, verbose} = this.globalConfig;
    if (silent || !verbose || !console?.length) return;
    process.stderr.write(`${getConsoleOutput(console, config, this.globalConfig)}\n`);
  }
}
