/**
 * What finds and uses elements of a page over WebDriver, with Playwright's names, as far as the walk through
 * the page needs them. Elements are found anew for each use; clicks are the browser's own.
 */
import {setTimeout} from 'node:timers/promises';

/** @typedef {import('./webdriver_page.mjs').WebDriverPage} WebDriverPage */

/**
 * One step from elements to others: by a selector; by role and accessible name; by the text of a label; or
 * one of those that were found.
 *
 * @typedef {{css: string} | {role: keyof typeof ROLES, name?: string, exact?: boolean}
 *     | {label: string} | {nth: number}} Step
 */

/** The elements that have a role. */
const ROLES = {
  button: 'button, [role="button"]',
  slider: 'input[type="range"], [role="slider"]',
};

/** How WebDriver names an element that a script gives. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** How long an element is waited for, and how long between two looks. */
const WAIT_MS = 10_000;
const PAUSE_MS = 50;

/**
 * The elements that some steps lead to. This is run in the page.
 *
 * @param {Step[]} steps
 * @param {Record<string, string>} roles
 * @returns {Element[]}
 */
function elementsOf(steps, roles) {
  /** @type {any[]} */
  let found = [document];
  /** @param {string} selector */
  const all = (selector) => found.flatMap((one) => [...one.querySelectorAll(selector)]);
  /** @param {Element} element */
  const nameOf = (element) => (element.getAttribute('aria-label') ?? element.textContent).trim();
  for (const step of steps) {
    if ('css' in step) found = all(step.css);
    else if ('nth' in step) found = found.slice(step.nth, step.nth + 1);
    else if ('label' in step) {
      const labels = all('label').filter((label) => label.textContent.includes(step.label));
      found = labels.flatMap((label) => label.control ?? []);
    } else {
      const {name = '', exact = false} = step;
      found = all(roles[step.role]).filter((element) =>
        exact
          ? nameOf(element) === name
          : nameOf(element).toLowerCase().includes(name.toLowerCase()),
      );
    }
  }
  return found;
}

export class WebDriverLocator {
  /**
   * @param {WebDriverPage} page
   * @param {Step[]} steps
   */
  constructor(page, steps) {
    this.page = page;
    this.steps = steps;
  }

  toString() {
    return JSON.stringify(this.steps);
  }

  /** @param {Step} step */
  next(step) {
    return new WebDriverLocator(this.page, [...this.steps, step]);
  }

  /** @param {string} css */
  locator(css) {
    return this.next({css});
  }

  /**
   * @param {keyof typeof ROLES} role
   * @param {{name?: string, exact?: boolean}} [options]
   */
  getByRole(role, options = {}) {
    return this.next({role, ...options});
  }

  /** @param {string} label */
  getByLabel(label) {
    return this.next({label});
  }

  first() {
    return this.next({nth: 0});
  }

  /** A locator for each element that there is now. */
  async all() {
    return Array.from({length: await this.count()}, (_, nth) => this.next({nth}));
  }

  /**
   * Runs a function in the page with the elements that are there now.
   *
   * @param {(elements: any[], arg: any) => unknown} script
   * @param {unknown} [arg]
   */
  withAll(script, arg) {
    return this.page.execute(
      `const [steps, roles, arg] = arguments;
      return (${script})((${elementsOf})(steps, roles), arg);`,
      [this.steps, ROLES, arg ?? null],
    );
  }

  /**
   * Runs a function in the page with the one element, once it is there.
   *
   * @param {(element: any, arg: any) => unknown} script
   * @param {unknown} [arg]
   */
  async withOne(script, arg) {
    await this.waitFor();
    return this.page.execute(
      `const [steps, roles, arg] = arguments;
      return (${script})((${elementsOf})(steps, roles)[0], arg);`,
      [this.steps, ROLES, arg ?? null],
    );
  }

  /**
   * Waits until there is an element.
   *
   * @throws {Error} There are several, or there is none in time.
   */
  async waitFor() {
    for (const start = performance.now(); ; await setTimeout(PAUSE_MS)) {
      const count = await this.count();
      if (count === 1) return;
      if (count > 1 || performance.now() - start > WAIT_MS) {
        throw new Error(`${count} elements are found by ${this}.`);
      }
    }
  }

  count() {
    return this.withAll((elements) => elements.length);
  }

  allTextContents() {
    return this.withAll((elements) => elements.map(({textContent}) => textContent));
  }

  isVisible() {
    return this.withAll((elements) => elements.some((element) => element.checkVisibility()));
  }

  textContent() {
    return this.withOne(({textContent}) => textContent);
  }

  inputValue() {
    return this.withOne(({value}) => value);
  }

  /** @param {string} name */
  getAttribute(name) {
    return this.withOne((element, name) => element.getAttribute(name), name);
  }

  boundingBox() {
    return this.withOne((element) => {
      const {x, y, width, height} = element.getBoundingClientRect();
      return {x, y, width, height};
    });
  }

  scrollIntoViewIfNeeded() {
    return this.withOne((element) => {
      const {top, bottom} = element.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight) element.scrollIntoView();
    });
  }

  focus() {
    return this.withOne((element) => element.focus());
  }

  /** Clicks, once the element is there and not disabled. */
  async click() {
    const isDisabled = () => this.withOne(({disabled}) => disabled);
    for (const start = performance.now(); await isDisabled(); await setTimeout(PAUSE_MS)) {
      if (performance.now() - start > WAIT_MS) throw new Error(`${this} stays disabled.`);
    }
    const {[ELEMENT]: id} = await this.withOne((element) => element);
    await this.page.driver.command('POST', `/element/${id}/click`);
  }

  async check() {
    if (!(await this.withOne(({checked}) => checked))) await this.click();
  }

  async hover() {
    await this.scrollIntoViewIfNeeded();
    const {x, y, width, height} = await this.boundingBox();
    await this.page.mouse.move(x + width / 2, y + height / 2);
  }

  /** @param {string} type */
  dispatchEvent(type) {
    return this.withOne((element, type) => {
      element.dispatchEvent(new Event(type, {bubbles: true}));
    }, type);
  }

  /** Tells the page that a reader has changed the value. */
  async dispatchInput() {
    await this.dispatchEvent('input');
    await this.dispatchEvent('change');
  }

  /**
   * Enters a text in the place of the one that is there; Playwright too moves a slider so.
   *
   * @param {string} value
   */
  async fill(value) {
    await this.withOne((element, value) => {
      element.focus();
      element.value = value;
    }, value);
    await this.dispatchInput();
  }

  /** @param {string} value */
  async selectOption(value) {
    await this.withOne((element, value) => {
      element.value = value;
      if (element.value !== value) throw new Error(`There is no option ${value}.`);
    }, value);
    await this.dispatchInput();
  }

  /** @param {{name: string, mimeType: string, buffer: Buffer}} file */
  async setInputFiles({name, mimeType: type, buffer}) {
    await this.withOne(
      (element, {name, type, base64}) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], name, {type}));
        element.files = data.files;
      },
      {name, type, base64: buffer.toString('base64')},
    );
    await this.dispatchInput();
  }
}
