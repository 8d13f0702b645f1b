/** Turns what the page gives into what Jest's reporters read. */
import {createEmptyTestResult} from '@jest/test-result';
import {formatExecError, formatResultsErrors} from 'jest-message-util';

/**
 * @typedef {import('./messages.js').FinishedRun} FinishedRun
 * @typedef {import('./messages.js').PlainError} PlainError
 * @typedef {import('./messages.js').PlainTestResult} PlainTestResult
 * @typedef {(stack: string) => string} MapStack
 */

/**
 * Makes the result of a file.
 *
 * @param {object} options
 * @param {import('@jest/test-result').Test} options.test the file that ran
 * @param {import('@jest/types').Config.GlobalConfig} options.globalConfig
 * @param {FinishedRun} options.run what the harness's `runSpec` resolved to
 * @param {import('@jest/console').ConsoleBuffer} options.console
 * @param {number} options.start when the file began, in ms since 1970
 * @param {MapStack} options.mapStack
 * @returns {import('@jest/test-result').TestResult}
 */
export function toTestResult({test, globalConfig, run, console, start, mapStack}) {
  const {config} = test.context;
  const testResults = run.testResults.map((result) => toAssertionResult(result, mapStack));
  /** @param {import('@jest/test-result').Status} status */
  const count = (status) => testResults.filter((result) => result.status === status).length;
  const unhandled = run.unhandledErrors.map((stack) => mapStack(stack));
  const failures = [
    formatResultsErrors(testResults, config, globalConfig, test.path),
    ...unhandled.map((stack) =>
      formatExecError({message: '', stack}, config, globalConfig, test.path),
    ),
  ].filter(Boolean);

  return {
    ...createEmptyTestResult(),
    testFilePath: test.path,
    displayName: config.displayName,
    testResults,
    numPassingTests: count('passed'),
    numFailingTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    skipped: testResults.length > 0 && count('pending') === testResults.length,
    failureMessage: failures.length > 0 ? failures.join('\n\n') : null,
    testExecError: unhandled.length > 0 ? {message: '', stack: unhandled.join('\n')} : undefined,
    console: console.map((line) => ({...line, origin: mapStack(line.origin)})),
    perfStats: perfStats(start, config.slowTestThreshold),
  };
}

/**
 * Makes the result of a test, as circus does it for one that ran in Node.
 *
 * @param {PlainTestResult} circusResult
 * @param {MapStack} mapStack
 * @returns {import('@jest/test-result').AssertionResult}
 */
function toAssertionResult(circusResult, mapStack) {
  const {testPath, errors, errorsDetailed, startedAt, ...result} = circusResult;
  // The outermost block is circus's own.
  const names = testPath.slice(1);
  return {
    ...result,
    ancestorTitles: names.slice(0, -1),
    title: names[names.length - 1],
    fullName: names.join(' '),
    status: statusOf(result.status, errors),
    failureMessages: errors.map(mapStack),
    failureDetails: errorsDetailed.map((error) => mapError(error, mapStack)),
    startAt: startedAt,
  };
}

/**
 * Makes an error of what the page sends.
 *
 * @param {PlainError} error
 * @param {MapStack} mapStack
 * @returns {Error & {stack: string}}
 */
export function mapError({message, stack, cause}, mapStack) {
  return Object.assign(new Error(mapStack(message)), {
    stack: mapStack(stack),
    ...(cause && {cause: mapError(cause, mapStack)}),
  });
}

/**
 * @param {string} status
 * @param {string[]} errors
 * @returns {import('@jest/test-result').Status}
 */
function statusOf(status, errors) {
  if (status === 'skip') return 'pending';
  if (status === 'todo') return 'todo';
  return errors.length > 0 ? 'failed' : 'passed';
}

/**
 * @param {number} start
 * @param {number} slowTestThreshold in s
 */
function perfStats(start, slowTestThreshold) {
  const end = Date.now();
  const runtime = end - start;
  return {
    ...createEmptyTestResult().perfStats,
    start,
    end,
    runtime,
    slow: runtime / 1000 > slowTestThreshold,
  };
}
