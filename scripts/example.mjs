/**
 * Runs an example with all the set-up that it needs.
 *
 *     node scripts/example.mjs digits [its flags]
 */
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root} from '../tools/shell.mjs';

async function main() {
  const [name, ...args] = process.argv.slice(2);
  const asksForHelp = args.includes('--help') || args.includes('-h');
  await (asksForHelp ? setup([]) : setUpWithTensorFlow());
  if (!isBuilt()) buildPackage();
  const file = path.join(root, 'examples', `${name}.mjs`);
  const {status} = spawnSync(process.execPath, [file, ...args], {cwd: root, stdio: 'inherit'});
  process.exit(status ?? 1);
}

/** An example runs without TensorFlow and its addon as well, only more slowly. */
async function setUpWithTensorFlow() {
  try {
    await setup(['tfjs-node', 'addon']);
  } catch (error) {
    const {step, message} = /** @type {Error & {step?: string}} */ (error);
    if (step !== 'tfjs-node' && step !== 'addon') throw error;
    const instead = step === 'addon' ? 'on composed ops' : 'on wasm or cpu';
    console.log(`${message}\n  The example runs without it, ${instead}.\n`);
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
