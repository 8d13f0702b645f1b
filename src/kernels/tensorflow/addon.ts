/**
 * Finds and loads the addon, `addon/` in this package, whose ops, `TfjsLayerNorm` and the like, are the
 * fused kernels of the `tensorflow` backend.
 *
 * It is loaded when the backend is first asked for a fused kernel, never on import: the package
 * must load in a browser, where there is neither an addon nor a module of Node.
 */
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {NodeJSKernelBackend} from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';

export type {NodeJSKernelBackend};

/** The functions that `addon/src/addon.c` exports, so far as they are used here. */
interface Addon {
  /** Registers the ops with the libtensorflow in this process; safe to repeat. */
  register(): {tensorflow: string};
}

/** The name of the addon in `exports` of package.json. */
const ADDON = 'tfjs-layernorm/addon';

/** Why the addon's ops are not there; `null` where they are, `undefined` where it was not tried yet. */
let failure: string | null | undefined;

/** Loads the addon, the first time that it is called. Gives why that failed, or `null`. */
export function addonFailure(): string | null {
  if (failure === undefined) failure = tryToLoad();
  return failure;
}

function tryToLoad(): string | null {
  try {
    loadAddon().register();
    return null;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

/**
 * Searches for the addon from this file on, and then from the working directory, for a program that
 * was bundled into a file somewhere else.
 */
function loadAddon(): Addon {
  const {createRequire} = nodeModule();
  const fromHere = import.meta.url ? resolved(createRequire(import.meta.url)) : undefined;
  const load = fromHere ?? resolved(createRequire(`${process.cwd()}/`));
  if (!load) throw new Error(`the module '${ADDON}' was not found from '${process.cwd()}'`);
  return load();
}

function resolved(require: NodeJS.Require): (() => Addon) | undefined {
  try {
    const path = require.resolve(ADDON);
    return () => require(path);
  } catch {
    return undefined;
  }
}

/** Node's `module`, had without an import, which a bundler for browsers would stumble on. */
function nodeModule(): typeof import('node:module') {
  const nodeModule =
    process.getBuiltinModule?.('node:module') ?? process.mainModule?.require('node:module');
  if (!nodeModule) throw new Error(`Node 20.16 or newer is needed, but this is ${process.version}`);
  return nodeModule;
}

/**
 * Runs one of the addon's ops, an attribute of TensorFlow for each option: a number is one of the
 * type float, a boolean one of the type bool. True is the default of all of the latter
 * (`addon/src/ops.c`), and each that is handed over takes a microsecond.
 */
export function runOp(
  backend: NodeJSKernelBackend,
  op: string,
  options: Record<string, number | boolean>,
  inputs: TensorInfo[],
  outputs: number,
): TensorInfo[] {
  const {TF_ATTR_BOOL, TF_ATTR_FLOAT} = backend.binding;
  const attributes: {name: string; value: number | boolean; type: number}[] = [];
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (value === true) continue;
    attributes.push({name, value, type: typeof value === 'number' ? TF_ATTR_FLOAT : TF_ATTR_BOOL});
  }
  return backend.executeMultipleOutputs(op, attributes, inputs, outputs);
}
