/** Step: is this a Node that tfjs-node runs on? */
import {UserError} from '../shell.mjs';

export const name = 'Node.js';

export function isDone() {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 20 && major <= 22;
}

export function run() {
  throw new UserError(
    `Node ${process.versions.node} is running, but Node 20, 21 or 22 is needed: ` +
      '@tensorflow/tfjs-node 4.22 calls a function that Node 23 no longer has.',
    'install Node 20 (for example `nvm install 20`) and run this again.',
  );
}
