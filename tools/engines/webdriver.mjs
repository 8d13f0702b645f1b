/** A client of WebDriver (W3C): the protocol by which a test drives a browser from outside. */
import {spawn} from 'node:child_process';
import {createServer} from 'node:net';

/** How long a driver may take until it listens. */
const START_MS = 20_000;

/**
 * Starts a driver and opens a window by it.
 *
 * @param {string} program the driver
 * @param {object} capabilities what the browser must be
 * @param {NodeJS.ProcessEnv} env
 * @returns what sends commands to the window; `close` ends driver and browser, also a stuck one
 */
export async function startDriver(program, capabilities, env) {
  const port = await freePort();
  // A group of its own: the browser's processes end with the driver.
  const driver = spawn(program, [`--port=${port}`], {env, stdio: 'ignore', detached: true});
  let failure = '';
  driver.once('error', ({message}) => {
    failure = message;
  });
  const kill = () => {
    try {
      if (driver.pid) process.kill(-driver.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  process.once('exit', kill);
  /**
   * @param {string} method of HTTP
   * @param {string} address
   * @param {object} [body]
   */
  const send = async (method, address, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${address}`, {
      method,
      ...(body && {body: JSON.stringify(body)}),
    });
    const {value} = /** @type {{value: any}} */ (await response.json());
    if (!response.ok) throw new Error(`${value.error}: ${value.message} (${method} ${address})`);
    return value;
  };
  try {
    await listening(
      () => failure,
      () => send('GET', '/status'),
    );
    const request = {capabilities: {alwaysMatch: capabilities}};
    const {sessionId, capabilities: given} = await send('POST', '/session', request);
    /**
     * Sends a command of the session.
     *
     * @param {'GET' | 'POST' | 'DELETE'} method
     * @param {string} command for example `/url`
     * @param {object} [body]
     * @throws the driver's error, if the browser cannot do it
     */
    const command = (method, command, body) =>
      send(method, `/session/${sessionId}${command}`, method === 'POST' ? (body ?? {}) : undefined);
    return {
      browserVersion: /** @type {string} */ (given.browserVersion),
      command,
      async close() {
        const timeout = new Promise((resolve) => setTimeout(resolve, 2000).unref());
        await Promise.race([command('DELETE', '').catch(() => {}), timeout]);
        process.off('exit', kill);
        kill();
      },
    };
  } catch (error) {
    kill();
    throw error;
  }
}

/**
 * Waits until a driver answers.
 *
 * @param {() => string} failure why it could not be started, or ''
 * @param {() => Promise<unknown>} ask
 */
async function listening(failure, ask) {
  for (const start = performance.now(); ; ) {
    try {
      return await ask();
    } catch (error) {
      if (failure() || performance.now() - start > START_MS) {
        throw new Error(`The driver did not start: ${failure() || error}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A port that is free now. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
