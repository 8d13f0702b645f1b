/**
 * Looks whether TensorFlow's libraries for macOS and Windows export every function that the addon
 * wants of them: those of its wheels on PyPI, 200 to 400 MB each.
 *
 *     npm run test:exports
 *     npm run test:exports -- win_amd64
 */
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {addonDir} from '../tools/addon.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {python} from '../tools/setup/zig.mjs';
import {fail, root, run, UserError} from '../tools/shell.mjs';

/** The project of PyPI whose wheel holds the library, by pip's name of the platform. */
const WHEELS: Record<string, string> = {
  macosx_12_0_arm64: 'tensorflow==2.15.1',
  macosx_10_15_x86_64: 'tensorflow==2.15.1',
  win_amd64: 'tensorflow-intel==2.15.1',
};

async function main() {
  const all = Object.keys(WHEELS);
  const {rest} = parseFlags({
    command: 'npm run test:exports --',
    about: "Looks at what TensorFlow's libraries for macOS and Windows export.",
    flags: {},
    rest: {name: 'platform', about: `some of ${all.join(', ')} (default all)`, choices: all},
  });
  await setup(['zig']);
  const failed = (rest.length ? rest : all).filter((platform) => !isComplete(platform));
  if (failed.length === 0) return;
  throw new UserError(
    `Functions are missing on ${failed.join(', ')}.`,
    'there the kernel of cpu serves.',
  );
}

/** Downloads the wheel of a platform, and says what it exports. */
function isComplete(platform: string): boolean {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'exports-'));
  try {
    console.log(`${platform}: downloading ${WHEELS[platform]}.`);
    const target = ['--only-binary=:all:', `--platform=${platform}`, '--python-version=3.11'];
    const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', ...target, '--dest', folder];
    run('python3', [...args, WHEELS[platform]], {advice: 'is PyPI within reach?'});
    const wheel = path.join(folder, readdirSync(folder)[0]);
    const header = path.join(addonDir, 'src/tensorflow_api.h');
    const script = path.join(root, 'scripts/check_exports.py');
    const {ok, output} = python([script, wheel, header]);
    console.log(output.replace(/^/gm, '  '));
    return ok;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

main().catch(fail);
