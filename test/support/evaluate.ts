import {spawnSync} from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/**
 * The value of an expression in a process of its own, after some imports whose addresses are
 * relative to the root: Jest's CommonJS does not load ES modules, of tools and of packages.
 *
 * @throws Error What the process wrote to stderr, where it fails.
 */
export function evaluate(imports: string, expression: string): unknown {
  const script = `${imports}\nconsole.log(JSON.stringify(${expression}));`;
  const {stdout, stderr, status} = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    {cwd: root, encoding: 'utf8'},
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
