/**
 * Runs an example with all the set-up that it needs.
 *
 *     node scripts/example.mjs digits [its flags]
 */
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {root, run, SetupError} from './setup/shell.mjs';
import {fail, setup} from './setup.mjs';

async function main() {
  const [name, ...args] = process.argv.slice(2);
  const asksForHelp = args.includes('--help') || args.includes('-h');
  await setup([]);
  if (!asksForHelp) await setUpTensorFlow();
  if (!isBuilt()) run(process.execPath, ['scripts/build.mjs'], {advice: 'see the message above.'});
  const file = path.join(root, 'examples', `${name}.mjs`);
  const {status} = spawnSync(process.execPath, [file, ...args], {cwd: root, stdio: 'inherit'});
  process.exit(status ?? 1);
}

/** An example runs without TensorFlow as well, only more slowly. */
async function setUpTensorFlow() {
  try {
    await setup(['tfjs-node']);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`${error.message}\n  The example runs without it, on wasm or cpu.\n`);
  }
}

/** Whether dist/ is there and no source is newer. */
function isBuilt() {
  const built = path.join(root, 'dist/esm/index.js');
  if (!existsSync(built)) return false;
  const sources = readdirSync(path.join(root, 'src'), {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return sources.every((file) => statSync(file).mtimeMs <= statSync(built).mtimeMs);
}

main().catch(fail);
