/**
 * Builds the page that explains layer normalisation, `playground/`, and serves it.
 *
 *     npm run playground
 *     npm run playground -- --port 8080
 *     npm run playground:shots              pictures of it, into docs/shots
 */
import path from 'node:path';
import {parseArgs} from 'node:util';
import {root, SetupError} from './setup/shell.mjs';
import {fail, setup} from './setup.mjs';

const configFile = path.join(root, 'playground/vite.config.mjs');

const HELP = `usage: npm run playground -- [--port NUMBER] [--host] [--shots]

Builds playground/dist, a static folder that any server can host, and serves it on this machine.
  --port     default 4173, or the next that is free
  --host     serve to other machines of the network too
  --shots    take pictures of the page into docs/shots, and end`;

async function main() {
  const {values} = parseArgs({
    options: {
      port: {type: 'string', default: '4173'},
      host: {type: 'boolean', default: false},
      shots: {type: 'boolean', default: false},
      help: {type: 'boolean', short: 'h'},
    },
  });
  if (values.help) return console.log(HELP);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new SetupError(`--port must be a number from 1 to 65535, but is “${values.port}”.`, HELP);
  }
  await setup(values.shots ? ['browser'] : []);
  const {build, preview} = await import('vite');
  console.log('Building playground/dist.');
  await build({configFile, logLevel: 'warn'});
  const host = values.host ? true : '127.0.0.1';
  const server = await preview({configFile, preview: {port, host}, logLevel: 'warn'});
  const {local, network} = server.resolvedUrls;
  if (!values.shots) {
    console.log(`\nThe page is at ${[...local, ...network].join(' and ')}\nCtrl+C ends it.`);
    return;
  }
  const {takeShots} = await import('../playground/build/shots.mjs');
  await takeShots(local[0]);
  await server.close();
}

main().catch((error) =>
  fail(error.code?.startsWith('ERR_PARSE_ARGS') ? new SetupError(error.message, HELP) : error),
);
