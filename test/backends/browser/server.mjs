/** Serves the bundles to the page, from memory, on this machine only. */
import {createServer} from 'node:http';

const BLANK_ADDRESS = '/';

/** Isolated from other origins: else the browser has neither SharedArrayBuffer nor fine timers. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * @param {Map<string, Uint8Array>} files by address; files may be added while it serves
 * @param {string} script address of the module that the page at `/` loads
 * @returns {Promise<{origin: string, close: () => Promise<void>}>}
 */
export async function serve(files, script) {
  const page = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;
  const server = createServer((request, response) => {
    const {pathname} = new URL(request.url ?? BLANK_ADDRESS, 'http://127.0.0.1');
    if (pathname === BLANK_ADDRESS) {
      response.writeHead(200, {...HEADERS, 'Content-Type': 'text/html'}).end(page);
    } else if (files.has(pathname)) {
      response.writeHead(200, {...HEADERS, 'Content-Type': 'text/javascript'});
      response.end(files.get(pathname));
    } else {
      response.writeHead(404, HEADERS).end();
    }
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
