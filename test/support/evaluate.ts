import {spawnSync} from 'node:child_process';

/**
 * The value of an expression in a process of its own, after some imports: the modules of the
 * benchmark are plain ES modules, which Jest's CommonJS does not load.
 *
 * @throws Error What the process wrote to stderr, where it fails.
 */
export function evaluate(imports: string, expression: string): unknown {
  const script = `${imports}\nconsole.log(JSON.stringify(${expression}));`;
  const {stdout, stderr, status} = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script],
    {encoding: 'utf8'},
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
