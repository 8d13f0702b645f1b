/** Bundles for the page: the harness (Jest's parts) once, and all the specs of a run together. */
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import esbuild from 'esbuild';

/** @param {string} name */
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @typedef {object} Bundle
 * @property {string} address where the file is served, for example `/test/spec/layer.spec.js`
 * @property {Map<string, Uint8Array>} files all files of the bundle, source maps too, by address
 */

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  write: false,
  // Apart from the code: they are read here, where stacks are mapped, and never by the page.
  sourcemap: 'external',
  sourcesContent: false,
  logLevel: 'silent',
  define: {'process.env.NODE_ENV': '"test"'},
};

/**
 * @param {string} rootDir
 * @returns {Promise<Bundle>}
 */
export async function bundleHarness(rootDir) {
  const builtins = [
    'assert',
    'async_hooks',
    'fs',
    'module',
    'process',
    'url',
    'util',
    'util/types',
  ];
  const standIn = beside('node_modules_in_page.ts');
  const files = await build(rootDir, [beside('harness.ts')], {
    define: {...COMMON.define, __dirname: '"/"', 'require.resolve': 'String'},
    inject: [beside('process_in_page.ts')],
    alias: {
      ...Object.fromEntries(
        builtins.flatMap((name) => [
          [name, standIn],
          [`node:${name}`, standIn],
        ]),
      ),
      'graceful-fs': standIn,
      path: 'path-browserify',
      'node:path': 'path-browserify',
      '@jest/expect': beside('jest_expect_in_page.ts'),
    },
  });
  return {address: addressOf(rootDir, beside('harness.ts')), files};
}

/**
 * Bundles specs together, so that tfjs, which they share, is bundled and parsed once.
 *
 * @param {string} rootDir
 * @param {string[]} paths the specs, and the modules to be loaded before them
 * @returns {Promise<Map<string, Uint8Array>>} all files, by address
 * @throws if one of the paths cannot be bundled
 */
export function bundleSpecs(rootDir, paths) {
  const {SOAK_STEPS = '', SOAK_SEED = '', DRAWN_GRAPHS} = process.env; // the page has no environment
  return build(rootDir, paths, {
    splitting: true,
    define: {
      ...COMMON.define,
      'process.env.SOAK_STEPS': JSON.stringify(SOAK_STEPS),
      'process.env.SOAK_SEED': JSON.stringify(SOAK_SEED),
    },
    alias: {'@jest/globals': beside('jest_globals_in_page.ts')},
    plugins: DRAWN_GRAPHS ? [inPlaceOf(/\/graph_fuzz\.json$/, DRAWN_GRAPHS)] : [],
  });
}

/**
 * What Jest's `moduleNameMapper` does in Node.
 *
 * @param {RegExp} filter
 * @param {string} file
 * @returns {import('esbuild').Plugin}
 */
function inPlaceOf(filter, file) {
  return {
    name: 'in-place-of',
    setup: ({onResolve}) => onResolve({filter}, () => ({path: file})),
  };
}

/**
 * The address at which the bundle of a source file is served.
 *
 * @param {string} rootDir
 * @param {string} sourcePath
 */
export function addressOf(rootDir, sourcePath) {
  const {dir, name} = path.parse(path.relative(rootDir, sourcePath));
  return `/${path.join(dir, name)}.js`;
}

/**
 * @param {string} rootDir
 * @param {string[]} entryPoints
 * @param {import('esbuild').BuildOptions} options
 */
async function build(rootDir, entryPoints, options) {
  const {outputFiles = []} = await esbuild.build({
    ...COMMON,
    ...options,
    entryPoints,
    absWorkingDir: rootDir,
    outbase: rootDir,
    outdir: rootDir,
    chunkNames: 'chunks/[name]-[hash]',
  });
  return new Map(
    outputFiles.map((file) => [`/${path.relative(rootDir, file.path)}`, file.contents]),
  );
}
