/**
 * Sets up all that the commands of this repository need. Each step is skipped when it is done.
 *
 *     npm run setup
 *     npm run setup -- --only packages,browser
 */
import {parseArgs} from 'node:util';
import {setup, steps} from '../tools/setup/index.mjs';
import {fail, UsageError} from '../tools/shell.mjs';

const HELP = `usage: npm run setup -- [--only STEP,STEP]

Steps: ${Object.keys(steps).join(', ')}. The first two always run.
What is done is skipped. All is put into this checkout: node_modules and .setup.`;

/** Node's own parser: the library that the other commands use is not there yet. */
function readFlags() {
  try {
    return parseArgs({options: {only: {type: 'string'}, help: {type: 'boolean', short: 'h'}}})
      .values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), HELP);
  }
}

async function main() {
  const flags = readFlags();
  if (flags.help) return console.log(HELP);
  const only = flags.only?.split(',');
  const unknown = only?.find((key) => !(key in steps));
  if (unknown !== undefined) throw new UsageError(`There is no step “${unknown}”.`, HELP);
  await setup(only);
}

main().catch(fail);
