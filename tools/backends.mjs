/** The backends that there is a kernel of ours for, said once: tests, benchmarks and scripts ask here. */

/** @typedef {typeof BACKENDS[number]} Backend */

export const BACKENDS = /** @type {const} */ (['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu']);

/** The backends that run in a browser; the others run in Node. */
export const BROWSER_BACKENDS = BACKENDS.filter((name) => name.startsWith('webg'));

/** The steps of the set-up that a backend needs. @type {Record<Backend, string[]>} */
export const STEPS = {
  cpu: [],
  wasm: [],
  tensorflow: ['tfjs-node', 'addon'],
  webgl: ['browser'],
  webgpu: ['browser'],
};

/**
 * The projects of Jest (`jest.config.js`): the backend that each runs on, and the steps of the
 * set-up that it needs. `unit` runs the examples and the page as well.
 *
 * @type {Record<string, {backend?: Backend, steps: string[]}>}
 */
export const PROJECTS = {
  unit: {steps: ['tfjs-node', 'addon', 'browser']},
  ...Object.fromEntries(BACKENDS.map((backend) => [backend, {backend, steps: STEPS[backend]}])),
  'cpu-without-wasm': {backend: 'cpu', steps: []},
  'tensorflow-without-addon': {backend: 'tensorflow', steps: ['tfjs-node']},
  'third-party': {backend: 'tensorflow', steps: ['tfjs-node']},
};
