/**
 * A Jest runner that runs each spec inside a real browser. The specs of a project are bundled
 * together (`bundle.mjs`) and served (`server.mjs`) to one headless Chromium (`session.mjs`), where
 * each gets a fresh page (`run_spec.mjs`) with Jest's own circus and expect in it (`harness.ts`).
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

export default class BrowserRunner {
  /** One page at a time: a software GPU takes all the cores there are. */
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
    try {
      for (const test of tests) {
        if (watcher.isInterrupted()) return;
        await onStart(test);
        const ended = await this.runFile(test, session).catch(({message}) => ({
          failure: {message: session.mapStack(message), stack: ''},
        }));
        await ('failure' in ended ? onFailure(test, ended.failure) : onResult(test, ended.result));
      }
    } finally {
      await session.close();
    }
  }

  /**
   * @param {Test} test
   * @param {Session} session
   * @returns {Promise<{result: TestResult} | {failure: SerializableError}>} a failure if the spec
   *   threw on loading
   * @throws if the spec could not be run to its end, for a reason outside of it
   */
  async runFile(test, session) {
    const start = Date.now();
    const {globalConfig} = this;
    const {run, console} = await runSpec({
      ...(await session.ready(test)),
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
