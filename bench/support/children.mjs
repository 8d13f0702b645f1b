/** Runs an environment in a process of its own. */
import {fork} from 'node:child_process';
import path from 'node:path';
import {build} from 'esbuild';
import {root, SetupError, setupDir} from '../../scripts/setup/shell.mjs';

/** The reference is TypeScript, which Node 20 does not load: so the programs are bundled. */
async function bundleProgram(name) {
  const outfile = path.join(setupDir, 'bench', name);
  await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, 'bench', name)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outfile;
}

/**
 * @param {object} environment one of `environments()`
 * @param {object} request sent to the process, with the environment
 * @param {(progress: object) => void} onProgress
 * @returns {Promise<object>} the report of `measure`
 * @throws {SetupError} The process failed; the message holds what it said.
 */
export async function runEnvironment(environment, request, onProgress) {
  const program = await bundleProgram(
    environment.host === 'page' ? 'page_host.mjs' : 'in_node.mjs',
  );
  const child = fork(program, {
    cwd: root,
    env: {...process.env, ...environment.env},
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced', // JSON has no NaN
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said = (said + text).slice(-4000);
    });
  }
  child.send({environment, ...request});
  return new Promise((resolve, reject) => {
    let report;
    let failure;
    child.on('message', (message) => {
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
          new SetupError(
            `The benchmark of ${environment.name} failed: ${cause}`,
            `leave it out with --backend, or see to the cause.`,
          ),
        );
      }
    });
  });
}
