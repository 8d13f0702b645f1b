/** Runs one spec in a fresh page, and watches over the page while it does. */

/** Beyond the time that a step of the spec may take: then the page is taken to be stuck. */
const GRACE_MS = 15_000;

/** What the driver says on the console about slow calls of the tests' own. */
const DRIVER_NOTICE = /^\[\.WebGL-/;

/** Console methods of Jest, by the names that the browser has for them. */
const CONSOLE_TYPES = {warning: 'warn', error: 'error', info: 'info', debug: 'debug'};

/**
 * @param {object} options
 * @param {import('playwright-core').Browser} options.browser
 * @param {string} options.origin of the server
 * @param {string[]} options.modules addresses of what is to be loaded, the spec last
 * @param {string | undefined} options.testNamePattern
 * @param {number} options.testTimeout in ms
 * @returns {Promise<{run: object, console: object[]}>} what the harness gave, and the console's lines
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
    await page.exposeFunction('reportStep', ({name, timeout}) => watch.step(name, timeout));

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

async function runInPage(page, origin, request) {
  const errors = [];
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
  let timer;
  let reject;
  const failure = new Promise((_, rejectFailure) => {
    reject = rejectFailure;
  });
  failure.catch(() => {});
  const fail = (reason) => reject(new Error(`${reason} during ${current}.`));
  return {
    failure,
    fail,
    step(name, timeout) {
      current = name;
      clearTimeout(timer);
      const limit = timeout + GRACE_MS;
      timer = setTimeout(() => fail(`The page did not answer for ${limit} ms`), limit);
    },
    stop: () => clearTimeout(timer),
  };
}

function collectConsole(page) {
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

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
