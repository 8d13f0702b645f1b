/** Runs one spec in a fresh page, and watches over the page while it does. */

/** Beyond the time that a step of the spec may take: then the page is taken to be stuck. */
const GRACE_MS = 15_000;

/** What the driver says on the console about slow calls of the tests' own. */
const DRIVER_NOTICE = /^\[\.WebGL-/;

/**
 * Console methods of Jest, by the names that the browser has for them.
 *
 * @type {Record<string, import('@jest/console').LogType>}
 */
const CONSOLE_TYPES = {warning: 'warn', error: 'error', info: 'info', debug: 'debug'};

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('./messages.js').SpecRequest} SpecRequest
 * @typedef {import('./messages.js').SpecRun} SpecRun
 * @typedef {import('./messages.js').StepNotice} StepNotice
 */

/**
 * Runs a spec in a page of its own.
 *
 * @param {object} options
 * @param {import('playwright-core').Browser} options.browser
 * @param {string} options.origin of the server
 * @param {string[]} options.modules addresses of what is to be loaded, the spec last
 * @param {string | undefined} options.testNamePattern
 * @param {number} options.testTimeout in ms
 * @returns {Promise<{run: SpecRun, console: import('@jest/console').ConsoleBuffer}>} what the harness gave, and the console's lines
 * @throws if the page crashes or gets stuck: with the reason, and what ran
 */
export async function runSpec({browser, origin, modules, testNamePattern, testTimeout}) {
  const context = await browser.newContext();
  const watch = watchdog();
  try {
    const page = await context.newPage();
    const console = collectConsole(page);
    page.on('crash', () => watch.fail('The page crashed'));
    page.on('close', () => watch.fail('The browser closed the page'));
    /** @param {StepNotice} step */
    const onStep = ({name, timeout}) => watch.step(name, timeout);
    await page.exposeFunction('reportStep', onStep);

    watch.step('the loading of the spec', testTimeout);
    const request = {modules, testNamePattern, testTimeout};
    const run = await Promise.race([runInPage(page, origin, request), watch.failure]);
    return {run, console};
  } finally {
    watch.stop();
    // A page that is stuck in a loop does not answer: it is left to the browser's end.
    await Promise.race([context.close(), delay(GRACE_MS)]).catch(() => {});
  }
}

/**
 * @param {Page} page
 * @param {string} origin
 * @param {SpecRequest} request
 * @returns {Promise<SpecRun>}
 */
async function runInPage(page, origin, request) {
  /** @type {Error[]} */
  const errors = [];
  /** @param {Error} error */
  const collect = (error) => errors.push(error);
  page.on('pageerror', collect);
  await page.goto(origin);
  // From here on the harness itself reports what nobody catches.
  page.off('pageerror', collect);
  if (errors.length > 0) throw new Error(`The harness cannot be loaded: ${errors[0].stack}`);
  return page.evaluate((request) => globalThis.runSpec(request), request);
}

/** Rejects `failure` once a step has taken longer than it may, or as soon as `fail` is called. */
function watchdog() {
  let current = '';
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {(error: Error) => void} */
  let reject = () => {};
  /** @type {Promise<never>} */
  const failure = new Promise((_, rejectFailure) => {
    reject = rejectFailure;
  });
  failure.catch(() => {});
  /** @param {string} reason */
  const fail = (reason) => reject(new Error(`${reason} during ${current}.`));
  return {
    failure,
    fail,
    /**
     * @param {string} name
     * @param {number} timeout in ms
     */
    step(name, timeout) {
      current = name;
      clearTimeout(timer);
      const limit = timeout + GRACE_MS;
      timer = setTimeout(() => fail(`The page did not answer for ${limit} ms`), limit);
    },
    stop: () => clearTimeout(timer),
  };
}

/** @param {Page} page */
function collectConsole(page) {
  /** @type {import('@jest/console').ConsoleBuffer} */
  const lines = [];
  page.on('console', (message) => {
    if (DRIVER_NOTICE.test(message.text())) return;
    const {url, lineNumber, columnNumber} = message.location();
    lines.push({
      type: CONSOLE_TYPES[message.type()] ?? 'log',
      message: message.text(),
      origin: `    at ${url}:${lineNumber + 1}:${columnNumber + 1}`,
    });
  });
  return lines;
}

/** @param {number} ms */
function delay(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
