/** The mouse and the keyboard of a page over WebDriver, with Playwright's names. */

/** @typedef {Awaited<ReturnType<typeof import('./webdriver.mjs').startDriver>>} Driver */

/**
 * How WebDriver writes keys that have no letter.
 *
 * @type {Record<string, string>}
 */
const KEYS = {
  ArrowDown: '\uE015',
  ArrowLeft: '\uE012',
  ArrowRight: '\uE014',
  ArrowUp: '\uE013',
  Control: '\uE009',
  PageDown: '\uE00F',
  PageUp: '\uE00E',
};

/** @param {Driver} driver */
export function inputOf(driver) {
  /**
   * @param {'pointer' | 'key'} type
   * @param {object[]} actions
   */
  const perform = (type, actions) =>
    driver.command('POST', '/actions', {actions: [{type, id: type, actions}]});
  let from = {x: 0, y: 0};
  return {
    mouse: {
      /**
       * @param {number} x
       * @param {number} y
       * @param {{steps?: number}} [options]
       */
      async move(x, y, {steps = 1} = {}) {
        const moves = Array.from({length: steps}, (_, i) => ({
          type: 'pointerMove',
          duration: 0,
          x: Math.round(from.x + ((x - from.x) * (i + 1)) / steps),
          y: Math.round(from.y + ((y - from.y) * (i + 1)) / steps),
        }));
        from = {x, y};
        await perform('pointer', moves);
      },
      down: () => perform('pointer', [{type: 'pointerDown', button: 0}]),
      up: () => perform('pointer', [{type: 'pointerUp', button: 0}]),
    },
    keyboard: {
      /** @param {string} keys for example `ArrowUp` or `Control+v` */
      press(keys) {
        const values = keys.split('+').map((key) => KEYS[key] ?? key);
        return perform('key', [
          ...values.map((value) => ({type: 'keyDown', value})),
          ...values.reverse().map((value) => ({type: 'keyUp', value})),
        ]);
      },
    },
  };
}
