/**
 * Runs a spec inside the page, with Jest's own parts: `jest-circus` (describe, it, hooks, timeouts)
 * and `expect`. It sets the globals of a Jest test file, then waits for `runSpec` to be called from
 * Node. Of the `jest` object there are the mock functions only; there are no snapshots, and tests
 * cannot be `concurrent`.
 */
import type {Circus} from '@jest/types';
import {expect} from 'expect';
import * as circus from 'jest-circus';
import {ModuleMocker} from 'jest-mock';
import type {PlainError, PlainTestResult, SpecRequest, SpecRun, StepNotice} from './messages.js';
import {writeStackLikeV8} from './stacks_in_page.js';

type Test = Circus.TestEntry;

declare global {
  /** Called by Node. Resolves to what can be sent there. */
  var runSpec: (request: SpecRequest) => Promise<SpecRun>;
  /** Given by Node: tells it what is about to run, and how long that may take. */
  var reportStep: (step: StepNotice) => Promise<void>;
}

const {describe, it, test, beforeAll, beforeEach, afterAll, afterEach} = circus;
const {fn, spyOn, ...mocker} = bindMocker(new ModuleMocker(globalThis));

Object.assign(globalThis, {
  ...{describe, it, test, beforeAll, beforeEach, afterAll, afterEach, expect},
  ...{fdescribe: describe.only, fit: it.only},
  ...{xdescribe: describe.skip, xit: it.skip, xtest: it.skip},
  jest: {fn, spyOn, ...mocker},
});

globalThis.runSpec = async ({modules, testNamePattern, testTimeout}) => {
  const state = circus.getState();
  state.testTimeout = testTimeout;
  if (testNamePattern) state.testNamePattern = new RegExp(testNamePattern, 'i');
  try {
    for (const module of modules) await import(module);
  } catch (error) {
    return {loadError: plainError(error)};
  }
  const {testResults, unhandledErrors} = await circus.run();
  return {unhandledErrors, testResults: testResults.map(plainResult)};
};

function plainResult(result: Circus.TestResult): PlainTestResult {
  const {errorsDetailed, retryReasonsDetailed, ...rest} = result;
  return {...rest, errorsDetailed: errorsDetailed.map(plainError)};
}

/** An error as an object that can be sent: without its class, with its cause. */
function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return {message: `thrown: ${error}`, stack: ''};
  writeStackLikeV8(error);
  const {message, stack = '', cause} = error;
  return {message, stack, ...(cause instanceof Error && {cause: plainError(cause)})};
}

function bindMocker(mocker: ModuleMocker) {
  return {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    clearAllMocks: () => mocker.clearAllMocks(),
    resetAllMocks: () => mocker.resetAllMocks(),
    restoreAllMocks: () => mocker.restoreAllMocks(),
  };
}

circus.addEventHandler((event, state) => {
  switch (event.name) {
    case 'hook_start':
      return reportStep({
        name: `${event.hook.type} hook${inTest(state)}`,
        timeout: event.hook.timeout ?? state.testTimeout,
      });
    case 'test_fn_start':
      return reportStep({
        name: `test "${fullName(event.test)}"`,
        timeout: event.test.timeout ?? state.testTimeout,
      });
    case 'test_start':
      return expect.setState({currentTestName: fullName(event.test)});
    case 'test_done':
      countAssertions(event.test);
      return event.test.errors.flat().forEach(writeStackLikeV8);
  }
});

/** Makes `expect.assertions` and `expect.hasAssertions` count; Jest does it outside of circus. */
function countAssertions(test: Test): void {
  const {numPassingAsserts, isExpectingAssertions, suppressedErrors} = expect.getState();
  test.numPassingAsserts = numPassingAsserts;
  test.errors.push(...suppressedErrors);
  expect.setState({suppressedErrors: []});

  const failures = expect.extractExpectedAssertionsErrors();
  if (isExpectingAssertions && test.errors.length > 0) return;
  test.errors.push(...failures.map(({error}) => error));
}

/** An error that nobody caught fails the test that is running, or else the file. */
function reportUncaught(error: unknown): void {
  writeStackLikeV8(error);
  const {currentlyRunningTest, unhandledErrors} = circus.getState();
  (currentlyRunningTest?.errors ?? unhandledErrors).push(error as Error);
}

addEventListener('error', ({error, message}) => reportUncaught(error ?? message));
addEventListener('unhandledrejection', ({reason}) => reportUncaught(reason));

function inTest({currentlyRunningTest}: Circus.State): string {
  return currentlyRunningTest ? ` of test "${fullName(currentlyRunningTest)}"` : '';
}

function fullName(test: Test): string {
  const names = [test.name];
  // The outermost block is circus's own.
  for (let block = test.parent; block.parent; block = block.parent) names.unshift(block.name);
  return names.join(' ');
}
