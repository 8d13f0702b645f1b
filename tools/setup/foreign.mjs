/** What the trials of other systems need: npm packages for them, of pinned versions. */
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {root, run, setupDir, UserError} from '../shell.mjs';

/** Node for another system. */
const NODE = {
  version: '20.20.2',
  integrity: {
    'win-x64':
      'sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==',
    'linux-arm64':
      'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
  },
};

/**
 * Unpacks an npm package into a folder, unless it is there. npm would not install it here, for another
 * system than its own.
 *
 * @param {string} folder
 * @param {string} name
 * @param {{version: string, integrity: string}} pinned
 * @throws {UserError} It cannot be downloaded, or is not what was pinned.
 */
function unpackPackage(folder, name, {version, integrity}) {
  if (existsSync(path.join(folder, 'package.json'))) return;
  mkdirSync(folder, {recursive: true});
  console.log(`  Downloading ${name} ${version} from npm.`);
  const args = ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder];
  run('npm', args, {advice: 'is the npm registry within reach?', stdio: 'ignore'});
  const tarball = path.join(folder, `${readdirSync(folder).find((file) => file.endsWith('.tgz'))}`);
  checkHash(tarball, integrity);
  const unpack = ['xzf', tarball, '--strip-components=1'];
  run('tar', unpack, {cwd: folder, advice: 'is the disk full?'});
  rmSync(tarball);
}

/**
 * Compares a file with its hash, and removes it where it is another one.
 *
 * @param {string} file
 * @param {string} integrity as npm writes it: the algorithm, a hyphen, and the hash in base64
 * @throws {UserError} They differ.
 */
export function checkHash(file, integrity) {
  const [algorithm, expected] = integrity.split(/-(.*)/);
  const actual = createHash(algorithm).update(readFileSync(file)).digest('base64');
  if (actual === expected) return;
  rmSync(file);
  throw new UserError(
    `${path.basename(file)} is not the file that was looked at: its ${algorithm} is ${actual}.`,
    'run this again; if it stays so, the registry gives another file than it did.',
  );
}

/**
 * A package of package-lock.json that is for another system, unpacked into a folder of modules.
 *
 * @param {string} modules
 * @param {string} name
 */
export function lockedPackage(modules, name) {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  unpackPackage(path.join(modules, name), name, lock.packages[`node_modules/${name}`]);
}

/** The program Node for another system. @param {keyof typeof NODE.integrity} system */
export function foreignNode(system) {
  const {version} = NODE;
  const folder = path.join(setupDir, 'foreign', `node-${system}@${version}`);
  unpackPackage(folder, `node-${system}`, {version, integrity: NODE.integrity[system]});
  return path.join(folder, 'bin', system.startsWith('win') ? 'node.exe' : 'node');
}
