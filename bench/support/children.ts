/** Runs an environment in a process of its own. */
import {fork} from 'node:child_process';
import path from 'node:path';
import {build} from 'esbuild';
import {root, setupDir, UserError} from '../../tools/shell.mjs';
import type {Environment, EnvironmentReport, Message, Progress, Request} from '../types.js';

/** The arguments of Node that run the program of an environment. */
async function programOf({host}: Environment): Promise<{file: string; execArgv: string[]}> {
  if (host === 'node') return {file: await bundleInNode(), execArgv: []};
  return {file: path.join(root, 'bench/page_host.ts'), execArgv: ['--import', 'tsx']};
}

/** What is timed runs as esbuild makes it, not as tsx does, which wraps functions to keep their names. */
async function bundleInNode(): Promise<string> {
  const outfile = path.join(setupDir, 'bench/in_node.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, 'bench/in_node.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    tsconfigRaw: '{}', // ours leads to src; what is measured is dist
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outfile;
}

/**
 * Sends a request to the process of an environment, and gives the report of `measure`.
 *
 * @throws {UserError} The process failed; the message holds what it said.
 */
export async function runEnvironment(
  environment: Environment,
  request: Request,
  onProgress: (progress: Progress) => void,
): Promise<EnvironmentReport> {
  const {file, execArgv} = await programOf(environment);
  const child = fork(file, {
    cwd: root,
    execArgv,
    env: {...process.env, ...environment.env},
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced', // JSON has no NaN
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      said = (said + text).slice(-4000);
    });
  }
  child.send({environment, ...request});
  return new Promise((resolve, reject) => {
    let report: EnvironmentReport | undefined;
    let failure: string | undefined;
    child.on('message', (message: Message) => {
      if (message.progress) onProgress(message.progress);
      report ??= message.report;
      failure ??= message.failure;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (report && !failure) resolve(report);
      else {
        const cause = failure ?? `It ended with ${signal ?? code}. ${said}`;
        reject(
          new UserError(
            `The benchmark of ${environment.name} failed: ${cause}`,
            `leave it out with --backend, or see to the cause.`,
          ),
        );
      }
    });
  });
}
