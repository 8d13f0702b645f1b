/** What every command shares: where things lie, running programs, and one kind of error. */
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** All that the set-up keeps beside node_modules; git does not see it. */
export const setupDir = path.join(root, '.setup');

/** An error whose message is all that a user needs: what failed, and what to do. */
export class UserError extends Error {
  /**
   * @param {string} cause
   * @param {string} advice
   */
  constructor(cause, advice) {
    super(`${cause}\n  What to do: ${advice}`);
    this.name = 'UserError';
    /** The code that the process ends with: 1, or 2 where the command line was wrong. */
    this.exitCode = 1;
  }
}

/** An error in the command line; the help follows the message. */
export class UsageError extends UserError {
  /**
   * @param {string} cause
   * @param {string} help
   */
  constructor(cause, help) {
    super(cause, '');
    this.message = `${cause}\n\n${help}`;
    this.exitCode = 2;
  }
}

/**
 * Ends the process with an error's message; with its stack where it is not meant for the user.
 *
 * @param {unknown} error
 */
export function fail(error) {
  const isForUser = error instanceof UserError;
  console.error(`\n${isForUser ? error.message : error instanceof Error ? error.stack : error}`);
  process.exit(isForUser ? error.exitCode : 1);
}

/**
 * Runs a command with its output shown.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{advice: string} & import('node:child_process').SpawnSyncOptions} options `advice`: what
 *     a user can do where it fails
 * @throws {UserError} It is not there, or fails.
 */
export function run(command, args, {advice, ...options}) {
  const {status, error, signal} = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  const shown = [command, ...args].join(' ');
  if (error) throw new UserError(`\`${shown}\` could not be started: ${error.message}.`, advice);
  if (status !== 0) {
    throw new UserError(`\`${shown}\` failed (${signal ?? `exit code ${status}`}).`, advice);
  }
}

/**
 * Runs a command; its output is returned, not shown.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {{ok: boolean, output: string}} whether it ended well, and all that it printed
 */
export function attempt(command, args, options = {}) {
  const {status, error, stdout, stderr} = spawnSync(command, args, {
    cwd: root,
    ...options,
    encoding: 'utf8',
  });
  return {
    ok: !error && status === 0,
    output: `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`.trim(),
  };
}

/**
 * The arguments with which Node runs a command of the repository that is written in TypeScript.
 *
 * @param {string} file relative to the root
 * @param {string[]} args
 */
export function typescript(file, ...args) {
  return ['--import', 'tsx', path.join(root, file), ...args];
}

/** Builds `dist/`. @throws {UserError} It cannot be built. */
export function buildPackage() {
  console.log('Building dist/.');
  run(process.execPath, typescript('scripts/build.ts'), {advice: 'see the message above.'});
}
