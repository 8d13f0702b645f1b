/**
 * A page over WebDriver, with Playwright's names. WebDriver has no events, and one script at a time: so a
 * script is started and then asked for its outcome now and then, and for what the page has said since.
 */
import {EventEmitter} from 'node:events';
import {inputOf} from './webdriver_input.mjs';
import {WebDriverLocator} from './webdriver_locator.mjs';

/** Between two questions to a page that is at work, in ms: soon at first, then less often. */
const PAUSES = [0, 5, 10, 20, 50, 100];

/** @typedef {Awaited<ReturnType<typeof import('./webdriver.mjs').startDriver>>} Driver */

/**
 * What the page keeps for Node, at `globalThis.toNode`. This is run in the page.
 *
 * @typedef {{name: string, args: any[]}} Message
 */
function installInPage() {
  if ('toNode' in globalThis) return;
  /** @type {Message[]} */
  const messages = [];
  Object.assign(globalThis, {toNode: {messages, outcomes: {}}});
  for (const type of /** @type {const} */ (['log', 'info', 'debug', 'warn', 'error'])) {
    const original = console[type];
    console[type] = (...values) => {
      original.apply(console, values);
      const text = values.map((value) => String(value?.stack ? `${value}\n${value.stack}` : value));
      messages.push({name: 'console', args: [type === 'warn' ? 'warning' : type, text.join(' ')]});
    };
  }
  addEventListener('error', ({message, error}) => {
    messages.push({name: 'pageerror', args: [String(message), String(error?.stack ?? '')]});
  });
  addEventListener('unhandledrejection', ({reason}) => {
    messages.push({name: 'pageerror', args: [String(reason), String(reason?.stack ?? '')]});
  });
}

export class WebDriverPage extends EventEmitter {
  /** Functions of Node that the page may call. @type {Map<string, (...args: any[]) => unknown>} */
  exposed = new Map();
  calls = 0;

  /**
   * @param {Driver} driver
   * @param {object} owner the page's context
   */
  constructor(driver, owner) {
    super();
    this.driver = driver;
    this.owner = owner;
    const {mouse, keyboard} = inputOf(driver);
    this.mouse = mouse;
    this.keyboard = keyboard;
  }

  /** @param {string} css */
  locator(css) {
    return new WebDriverLocator(this, [{css}]);
  }

  /** @param {Parameters<WebDriverLocator['getByRole']>} args */
  getByRole(...args) {
    return new WebDriverLocator(this, []).getByRole(...args);
  }

  /** @param {string} label */
  getByLabel(label) {
    return new WebDriverLocator(this, []).getByLabel(label);
  }

  /**
   * Sets the size of what a page is shown in; the window has bars around it.
   *
   * @param {{width: number, height: number}} size
   */
  async setViewportSize({width, height}) {
    const [innerWidth, innerHeight] = await this.execute('return [innerWidth, innerHeight];');
    const outer = await this.driver.command('GET', '/window/rect');
    await this.driver.command('POST', '/window/rect', {
      width: outer.width + width - innerWidth,
      height: outer.height + height - innerHeight,
    });
  }

  context() {
    return this.owner;
  }

  /** @param {string} url */
  async goto(url) {
    await this.look(''); // what the last page has said goes with it
    await this.driver.command('POST', '/url', {url});
    await this.install();
  }

  async reload() {
    await this.look('');
    await this.driver.command('POST', '/refresh');
    await this.install();
  }

  /**
   * From the next `goto` on, the page has a function that calls one of Node and does not wait for it.
   *
   * @param {string} name
   * @param {(...args: any[]) => unknown} callback
   */
  async exposeFunction(name, callback) {
    this.exposed.set(name, callback);
  }

  async install() {
    const names = JSON.stringify([...this.exposed.keys()]);
    await this.execute(`(${installInPage})();
      for (const name of ${names}) {
        globalThis[name] = async (...args) => {toNode.messages.push({name, args})};
      }`);
  }

  /**
   * Runs a function in the page, and waits for what it gives.
   *
   * @param {string | ((arg: any) => unknown)} script
   * @param {unknown} [arg] as JSON can have it; so must the result be
   * @returns {Promise<any>}
   * @throws {Error} It threw.
   */
  async evaluate(script, arg) {
    const id = `${++this.calls}`;
    const value = typeof script === 'string' ? script : `(${script})(arg)`;
    await this.execute(
      `const [id, arg] = arguments;
      const end = (key, value) => {toNode.outcomes[id] = {[key]: value}};
      (async () => ${value})().then((value) => end('value', value), (error) => end('error',
        {message: String(error?.message ?? error), stack: String(error?.stack ?? '')}));`,
      [id, arg],
    );
    for (let i = 0; ; i++) {
      const {outcome} = await this.look(id);
      if (outcome?.error) throw Object.assign(new Error(), outcome.error);
      if (outcome) return outcome.value;
      const pause = PAUSES[Math.min(i, PAUSES.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /**
   * Takes what the page has said, hands it on, and gives the outcome of a script, if there is one.
   *
   * @param {string} id of the script
   */
  async look(id) {
    /** @type {{messages: Message[], outcome?: {value?: unknown, error?: object}}} */
    const said = JSON.parse(
      await this.execute(
        `const [id] = arguments;
        const {messages, outcomes} = globalThis.toNode ?? {messages: [], outcomes: {}};
        const outcome = outcomes[id];
        delete outcomes[id];
        return JSON.stringify({messages: messages.splice(0), outcome});`,
        [id],
      ),
    );
    for (const {name, args} of said.messages) this.handle(name, args);
    return said;
  }

  /**
   * @param {string} name
   * @param {any[]} args
   */
  handle(name, args) {
    if (name === 'console') {
      const [type, text] = args;
      const location = () => ({url: '', lineNumber: 0, columnNumber: 0});
      this.emit('console', {type: () => type, text: () => text, location});
    } else if (name === 'pageerror') {
      const [message, stack] = args;
      this.emit('pageerror', Object.assign(new Error(message), {stack: `${message}\n${stack}`}));
    } else {
      this.exposed.get(name)?.(...args);
    }
  }

  /**
   * @param {string} script the body of a function
   * @param {unknown[]} [args]
   */
  execute(script, args = []) {
    return this.driver.command('POST', '/execute/sync', {script, args});
  }
}
