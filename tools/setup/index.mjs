/** The set-up: all that the commands of this repository need, step by step. */
import * as addon from './addon.mjs';
import * as arm64 from './arm64.mjs';
import * as browser from './browser.mjs';
import * as nodeVersion from './node_version.mjs';
import * as packages from './packages.mjs';
import * as tfjsNode from './tfjs_node.mjs';
import * as zig from './zig.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => boolean | Promise<boolean>} isDone
 * @property {() => void | Promise<void>} run throws a `UserError` where it fails
 */

/** @type {Record<string, Step>} */
export const steps = {
  'node-version': nodeVersion,
  packages,
  'tfjs-node': tfjsNode,
  addon,
  browser,
  zig,
  arm64,
};

/** These come before any other step, always. */
const FIRST = ['node-version', 'packages'];

/** Nobody needs these but the commands that ask for them. */
const LARGE = ['zig', 'arm64'];

const usual = Object.keys(steps).filter((key) => !LARGE.includes(key));

/**
 * Runs steps, in order, each only when it is not done.
 *
 * @param {string[]} only names of the steps besides the first two; default: all but the
 *     large ones that few commands need
 * @throws {UserError} A step failed, `step`; the message names it, the cause and what to do.
 */
export async function setup(only = usual) {
  const chosen = Object.entries(steps).filter(([key]) => FIRST.includes(key) || only.includes(key));
  for (const [i, [key, step]] of chosen.entries()) {
    const title = `[${i + 1}/${chosen.length}] ${step.name}`;
    if (await step.isDone()) {
      console.log(`${title}: ready`);
      continue;
    }
    console.log(`${title}: setting up`);
    const start = performance.now();
    try {
      await step.run();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      error.message = `The set-up step “${step.name}” failed. ${error.message}`;
      throw Object.assign(error, {step: key});
    }
    console.log(`${title}: ready after ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
}
