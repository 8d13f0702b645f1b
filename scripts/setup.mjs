/**
 * Sets up all that the commands of this repository need. Each step is skipped when it is done.
 *
 *     npm run setup
 *     npm run setup -- --only packages,browser
 */
import {parseArgs} from 'node:util';
import * as addon from './setup/addon.mjs';
import * as browser from './setup/browser.mjs';
import * as nodeVersion from './setup/node_version.mjs';
import * as packages from './setup/packages.mjs';
import {SetupError} from './setup/shell.mjs';
import * as tfjsNode from './setup/tfjs_node.mjs';

const steps = {'node-version': nodeVersion, packages, 'tfjs-node': tfjsNode, addon, browser};

/** These come before any other step, always. */
const FIRST = ['node-version', 'packages'];

/**
 * Runs steps, in order, each only when it is not done.
 *
 * @param {string[]} only Names of the steps besides the first two. Default: all.
 * @throws {SetupError} A step failed, `step`; the message names it, the cause and what to do.
 */
export async function setup(only = Object.keys(steps)) {
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
      error.step = key;
      error.message = `The set-up step “${step.name}” failed. ${error.message}`;
      throw error;
    }
    console.log(`${title}: ready after ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
}

/** Ends the process with an error's message; with its stack where it is not meant for the user. */
export function fail(error) {
  console.error(`\n${error instanceof SetupError ? error.message : error.stack}`);
  process.exit(1);
}

const HELP = `usage: npm run setup -- [--only STEP,STEP]

Steps: ${Object.keys(steps).join(', ')}. The first two always run.
What is done is skipped. All is put into this checkout: node_modules and .setup.`;

async function main() {
  const {values} = parseArgs({
    options: {only: {type: 'string'}, help: {type: 'boolean', short: 'h'}},
  });
  if (values.help) return console.log(HELP);
  const only = values.only?.split(',');
  const unknown = only?.find((key) => !(key in steps));
  if (unknown !== undefined) {
    throw new SetupError(`There is no step “${unknown}”.`, `name some of ${Object.keys(steps)}.`);
  }
  await setup(only);
}

if (process.argv[1] === import.meta.filename) {
  main().catch((error) =>
    fail(error.code?.startsWith('ERR_PARSE_ARGS') ? new SetupError(error.message, HELP) : error),
  );
}
