/** Turns what the page gives into what Jest's reporters read. */
import {createEmptyTestResult} from '@jest/test-result';
import {formatExecError, formatResultsErrors} from 'jest-message-util';

/**
 * @param {object} options
 * @param {import('@jest/test-result').Test} options.test the file that ran
 * @param {import('@jest/types').Config.GlobalConfig} options.globalConfig
 * @param {object} options.run what the harness's `runSpec` resolved to
 * @param {object[]} options.console
 * @param {number} options.start when the file began, in ms since 1970
 * @param {(stack: string) => string} options.mapStack
 * @returns {import('@jest/test-result').TestResult}
 */
export function toTestResult({test, globalConfig, run, console, start, mapStack}) {
  const {config} = test.context;
  const testResults = run.testResults.map((result) => toAssertionResult(result, mapStack));
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

/** As circus does it for a test that ran in Node. */
function toAssertionResult(circusResult, mapStack) {
  const {testPath, errors, errorsDetailed, startedAt, ...result} = circusResult;
  // The outermost block is circus's own.
  const names = testPath.slice(1);
  return {
    ...result,
    ancestorTitles: names.slice(0, -1),
    title: names.at(-1),
    fullName: names.join(' '),
    status: statusOf(result.status, errors),
    failureMessages: errors.map(mapStack),
    failureDetails: errorsDetailed.map((error) => mapError(error, mapStack)),
    startAt: startedAt,
  };
}

/**
 * @param {{message: string, stack: string, cause?: object}} error as the page sends it
 * @param {(stack: string) => string} mapStack
 */
export function mapError({message, stack, cause}, mapStack) {
  return Object.assign(new Error(mapStack(message)), {
    stack: mapStack(stack),
    ...(cause && {cause: mapError(cause, mapStack)}),
  });
}

function statusOf(status, errors) {
  if (status === 'skip') return 'pending';
  if (status === 'todo') return 'todo';
  return errors.length > 0 ? 'failed' : 'passed';
}

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
