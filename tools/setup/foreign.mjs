/** What the trials of other systems need: Node for them, unpacked from npm's package. */
import {existsSync, mkdirSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {run, setupDir} from '../shell.mjs';

const NODE = '20.20.2';

/**
 * A folder of an npm package, downloaded once into `.setup/foreign`. npm would not install it here,
 * for another system than its own.
 *
 * @param {string} name
 * @param {string} version
 */
export function foreignPackage(name, version) {
  const folder = path.join(setupDir, 'foreign', `${name.replace('/', '+')}@${version}`);
  const unpacked = path.join(folder, 'package');
  if (existsSync(path.join(unpacked, 'package.json'))) return unpacked;
  mkdirSync(folder, {recursive: true});
  console.log(`Downloading ${name} ${version} from npm.`);
  const args = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
  run('npm', args, {advice: 'is the npm registry within reach?', stdio: 'ignore'});
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  run('tar', ['xzf', `${tarball}`], {cwd: folder, advice: 'is the disk full?'});
  return unpacked;
}

/** The program Node for another system. @param {'win-x64' | 'linux-arm64'} system */
export function foreignNode(system) {
  const folder = foreignPackage(`node-${system}`, NODE);
  return path.join(folder, 'bin', system.startsWith('win') ? 'node.exe' : 'node');
}
