/**
 * Builds the page that explains layer normalisation, `playground/`, and serves it.
 *
 *     npm run playground
 *     npm run playground -- --port 8080
 *     npm run playground:shots              pictures of it, into docs/shots
 */
import path from 'node:path';
import {integerFrom, parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {fail, root} from '../tools/shell.mjs';

const configFile = path.join(root, 'playground/vite.config.ts');

const {port, host, shots} = parseFlags({
  command: 'npm run playground --',
  about: 'Builds playground/dist, a static folder that any server can host, and serves it here.',
  flags: {
    port: {
      value: 'NUMBER',
      about: 'where to serve, or the next that is free',
      default: 4173,
      parse: integerFrom(1, 65535),
    },
    host: {about: 'serve to other machines of the network too'},
    shots: {about: 'take pictures of the page into docs/shots, and end'},
  },
});

async function main() {
  await setup(shots ? ['browser'] : []);
  const {build, preview} = await import('vite');
  console.log('Building playground/dist.');
  await build({configFile, logLevel: 'warn'});
  const address = {port, host: host || '127.0.0.1'};
  const server = await preview({configFile, preview: address, logLevel: 'warn'});
  const {local, network} = server.resolvedUrls ?? {local: [], network: []};
  if (!shots) {
    console.log(`\nThe page is at ${[...local, ...network].join(' and ')}\nCtrl+C ends it.`);
    return;
  }
  const {takeShots} = await import('../playground/build/shots.js');
  await takeShots(local[0]);
  await server.close();
}

main().catch(fail);
