/**
 * The backend that the running spec is on. A spec is written once and imports only this:
 *
 *     import {backendName, tf} from '../backends/current.js';
 *
 * Jest (in Node) or the harness (in the browser) loads one of the files beside this one first, for
 * example `wasm.ts`; it calls `useBackend`. Make no tensors while tests are being collected (in the
 * body of `describe` or at the top of a spec): the backend is ready from the first `beforeAll` on.
 */
import * as tf from '@tensorflow/tfjs';

export {tf};

export type BackendName = 'cpu' | 'wasm' | 'tensorflow' | 'webgl' | 'webgpu' | 'third-party';

/** What runs: the backend's own kernel, the one of another backend, or several ops of tfjs. */
export type KernelKind = 'fused' | 'borrowed' | 'composed';

/** Name of the backend that this spec is run on, known from the start. */
export let backendName: BackendName;

/** Known from the start as well. */
export let kernelKind: KernelKind;

let checkBackend = () => {};

/** Software GPUs compile slowly: the first set-up of a backend may take this long. */
const READY_TIMEOUT_MS = 120_000;

/**
 * Has every test of the spec run on the backend `name`.
 *
 * @param check looks at the ready backend and throws where it is not the one that is to be tested.
 * @param kind what our op should run on there.
 * @throws (the tests fail) if the backend cannot be set up, or if a test leaves another one behind.
 */
export function useBackend(
  name: BackendName,
  check: () => void = () => {},
  kind: KernelKind = 'fused',
): void {
  backendName = name;
  kernelKind = kind;
  checkBackend = check;

  beforeAll(setUp, READY_TIMEOUT_MS);

  afterEach(async () => {
    const left = tf.getBackend();
    if (left === name) return;
    await tf.setBackend(name);
    throw new Error(
      `The test left the backend '${left}' behind, '${name}' was expected. ` +
        `Set '${name}' again where a test changes the backend.`,
    );
  });
}

async function setUp(): Promise<void> {
  if (!(await tf.setBackend(backendName))) throw new Error(await whyUnavailable(backendName));
  checkBackend();
}

/** Disposes the backend that the spec is on, with all its tensors, and registers it again. */
export async function setUpBackendAnew(): Promise<void> {
  const factory = tf.findBackendFactory(backendName);
  tf.removeBackend(backendName);
  tf.registerBackend(backendName, factory);
  await setUp();
}

/** tfjs only logs why a backend is not there: its factory is asked once more, to report the cause. */
async function whyUnavailable(name: BackendName): Promise<string> {
  let cause: unknown = 'its factory gave no reason';
  try {
    await tf.findBackendFactory(name)();
  } catch (error) {
    cause = error;
  }
  return `The backend '${name}' cannot be set up here: ${cause}`;
}
