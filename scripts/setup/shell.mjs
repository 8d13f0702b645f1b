/** What the steps of the set-up share: where things lie, running commands, and one kind of error. */
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** All that the set-up keeps beside node_modules; git does not see it. */
export const setupDir = path.join(root, '.setup');

/** An error whose message is all that a user needs: what failed, and what to do. */
export class SetupError extends Error {
  constructor(cause, advice) {
    super(`${cause}\n  What to do: ${advice}`);
    this.name = 'SetupError';
  }
}

/**
 * Runs a command with its output shown.
 *
 * @throws {SetupError} It is not there, or fails.
 */
export function run(command, args, {advice, ...options} = {}) {
  const {status, error, signal} = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  const shown = [command, ...args].join(' ');
  if (error) throw new SetupError(`\`${shown}\` could not be started: ${error.message}.`, advice);
  if (status !== 0) {
    throw new SetupError(`\`${shown}\` failed (${signal ?? `exit code ${status}`}).`, advice);
  }
}

/** Whether a command ends well; its output is returned, not shown. */
export function attempt(command, args, options = {}) {
  const {status, error, stdout, stderr} = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    ...options,
  });
  return {
    ok: !error && status === 0,
    output: `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`.trim(),
  };
}
