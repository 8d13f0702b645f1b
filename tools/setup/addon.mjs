/** Step: the addon of the Node backend, compiled from addon/src. */
import {existsSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {addonDir, buildAddon} from '../addon.mjs';

export const name = 'Addon of the Node backend';

/** It is there, and newer than all that it is made of. */
export function isDone() {
  const built = path.join(addonDir, 'build/Release/tfjs_layernorm.node');
  if (!existsSync(built)) return false;
  const {mtimeMs} = statSync(built);
  const sources = readdirSync(path.join(addonDir, 'src'), {recursive: true, encoding: 'utf8'});
  const files = sources
    .filter((file) => /\.[ch]$/.test(file))
    .map((file) => path.join('src', file));
  return ['binding.gyp', 'parts.gypi', ...files].every(
    (file) => statSync(path.join(addonDir, file)).mtimeMs < mtimeMs,
  );
}

export function run() {
  buildAddon();
}
