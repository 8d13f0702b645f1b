/** A static server for pages that a browser of this machine opens. */
import {createServer} from 'node:http';

/** Isolated from other origins: else the browser has neither SharedArrayBuffer nor fine timers. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Content types by the end of an address. */
const TYPES = {html: 'text/html', wasm: 'application/wasm'};

/**
 * The file of an address, or nothing where there is none.
 *
 * @typedef {(address: string) => Uint8Array | string | undefined} Files
 */

/**
 * Serves files, on this machine only, at a port that is free.
 *
 * @param {Files} fileOf
 * @param {{isolated?: boolean}} options `isolated`: as a page with threads needs it
 * @returns {Promise<{origin: string, close: () => Promise<void>}>}
 */
export async function serve(fileOf, {isolated = true} = {}) {
  const headers = isolated ? ISOLATION : {};
  const server = createServer((request, response) => {
    const {pathname} = new URL(request.url ?? '/', 'http://127.0.0.1');
    const file = fileOf(pathname);
    if (file === undefined) {
      response.writeHead(404, headers).end();
    } else {
      response.writeHead(200, {...headers, 'Content-Type': typeOf(pathname)}).end(file);
    }
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const {port} = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param {string} pathname */
function typeOf(pathname) {
  const end = pathname.endsWith('/') ? 'html' : pathname.slice(pathname.lastIndexOf('.') + 1);
  return TYPES[/** @type {keyof typeof TYPES} */ (end)] ?? 'text/javascript';
}

/**
 * A page whose only content is a module.
 *
 * @param {string} script its address
 */
export function pageOf(script) {
  return `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;
}
