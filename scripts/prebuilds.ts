/** Compiles the addon of the Node backend into addon/prebuilds: `npm run prebuilds`. */
import {prebuildAddon} from '../tools/addon.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {fail} from '../tools/shell.mjs';

parseFlags({
  command: 'npm run prebuilds --',
  about: 'Compiles the addon of the Node backend for this system, into addon/prebuilds.',
  flags: {},
});
try {
  prebuildAddon();
} catch (error) {
  fail(error);
}
