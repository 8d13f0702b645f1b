/** Step: the npm packages of the lock file, without their install scripts (see .npmrc). */
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {root, run as runCommand, setupDir} from '../shell.mjs';

export const name = 'npm packages';

/** Says which lock file node_modules was installed from. */
const stamp = path.join(root, 'node_modules/.tfjs-layernorm-lock');

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');

export function isDone() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash();
}

export function run() {
  // Not `ci`: it starts from nothing, which would lose the libtensorflow that a later step has put
  // there. The lock file's versions are taken all the same, and it is left as it is.
  runCommand('npm', ['install', '--no-save', '--loglevel=error'], {
    advice: 'see npm’s message above; is the npm registry within reach, and the disk not full?',
    shell: process.platform === 'win32',
  });
  mkdirSync(setupDir, {recursive: true});
  writeFileSync(stamp, lockHash());
}
