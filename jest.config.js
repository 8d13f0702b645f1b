/**
 * Jest's projects: `unit` (plain Node), one per backend, and three for what stands in: the plain loops
 * of `cpu` where there is no WebAssembly, and what serves where a backend has no kernel of ours. The
 * same specs run unchanged on every backend, but for those in `test/spec/kernels` that look inside one
 * backend's kernels and run in its project alone.
 * `test/backends/<backend>.ts` is loaded before each of them. `npx jest --selectProjects webgl` runs
 * one project. With SOAK set the specs are those of `npm run soak`; with ENGINES set the projects are
 * those of `npm run test:browsers`, for example `firefox-webgl`.
 */
import {BACKENDS, BROWSER_BACKENDS} from './tools/backends.mjs';
import {ENGINE_NAMES, ENGINES} from './tools/engines/index.mjs';

/** @param {string} name */
const spec = (name) => `<rootDir>/test/spec/${name}.spec.ts`;

/** What every backend's project runs. @param {string} backend */
const specsOf = (backend) =>
  process.env.SOAK
    ? ['<rootDir>/test/soak/**/*.spec.ts']
    : [spec('{op,layers,graph,keras}/*'), spec(`kernels/{contract,${backend}}`)];

/** For the kernels that stand in: what the ops and layers compute. */
const opSpecs = [
  spec('op/{errors,faults,gradients,invariants,large_gradients,memory,numerics}'),
  spec('layers/*'),
  spec('kernels/contract'),
];

const typescript = {
  // A run of `npm run mutants` keeps a copy of the sources there.
  modulePathIgnorePatterns: ['<rootDir>/out/'],
  // In Jest's realms each look-up of a global is slow, but not of these: they are given to each module.
  sandboxInjectedGlobals: ['Array', 'Math', 'Number', 'Object'],
  // Sources name their neighbours by the extension that they have once built; and h5wasm, which has
  // ES modules alone, is found by its file.
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^h5wasm$': '<rootDir>/node_modules/h5wasm/dist/esm/hdf5_hl.js',
    // The graphs that `npm run fuzz:graphs` has drawn take the fixture's place.
    ...(process.env.DRAWN_GRAPHS && {'/graph_fuzz\\.json$': process.env.DRAWN_GRAPHS}),
    // A tfjs-node for the processor that `npm run test:arm64` emulates.
    ...(process.env.TFJS_NODE && {'^@tensorflow/tfjs-node$': process.env.TFJS_NODE}),
  },
  transformIgnorePatterns: ['/node_modules/(?!h5wasm/)'],
  // CommonJS: so tests, sources and backends share the one CommonJS copy of tfjs in Node.
  transform: {
    '\\.ts$|h5wasm.*\\.js$': [
      '@swc/jest',
      {
        jsc: {parser: {syntax: 'typescript'}, target: 'es2022'},
        module: {type: 'commonjs'},
        sourceMaps: 'inline',
      },
    ],
  },
};

/**
 * @param {string} backend
 * @param {string[]} testMatch
 */
const nodeBackend = (backend, testMatch = specsOf(backend)) => ({
  ...typescript,
  displayName: backend,
  testMatch,
  testEnvironment: '<rootDir>/test/backends/node/environment.mjs',
  setupFilesAfterEnv: [`<rootDir>/test/backends/${backend.replaceAll('-', '_')}.ts`],
});

/**
 * Specs of hundreds of models and ops each. They have been run in Node alone so far: in a browser that
 * renders in software they take long, and nobody has yet seen them pass there.
 */
const NODE_ONLY = [
  'spec/keras/(layer_models|masks|old_forms|operations|plain_layers|weights)\\.spec',
  'spec/keras/mat_mul\\.spec', // which concerns a backend of Node
  'spec/kernels/cpu\\.spec', // it loads modules anew, which Jest alone can
];

/**
 * @param {string} backend
 * @param {import('./tools/engines/index.mjs').EngineName} engine
 */
const browserBackend = (backend, engine = 'chromium', displayName = backend) => ({
  ...typescript,
  displayName,
  testMatch: specsOf(backend),
  testPathIgnorePatterns: ['/node_modules/', ...NODE_ONLY],
  // The options tell Jest the projects apart: each gets a runner, thus a browser, of its own.
  runner: ['<rootDir>/test/backends/browser/runner.mjs', {backend, engine}],
  testEnvironmentOptions: {engine},
  setupFilesAfterEnv: [`<rootDir>/test/backends/${backend}.ts`],
});

/** Gives a test `engine`, a browser to open pages in. */
const withEngine = '<rootDir>/test/backends/browser/environment.mjs';

/** The walk through the page. @param {import('./tools/engines/index.mjs').EngineName} engine */
const walk = (engine) => ({
  ...typescript,
  displayName: `${engine}-page`,
  testMatch: ['<rootDir>/test/unit/playground.test.ts'],
  testEnvironment: withEngine,
  testEnvironmentOptions: {engine},
});

const engineProjects = ENGINE_NAMES.flatMap((engine) => [
  ...ENGINES[engine].backends.map((backend) =>
    browserBackend(backend, engine, `${engine}-${backend}`),
  ),
  walk(engine),
]);

const unit = {
  ...typescript,
  displayName: 'unit',
  testMatch: ['<rootDir>/test/unit/**/*.test.ts'],
  testEnvironment: withEngine,
};

const usualProjects = [
  unit,
  ...BACKENDS.map((backend) =>
    BROWSER_BACKENDS.includes(backend) ? browserBackend(backend) : nodeBackend(backend),
  ),
  ...['cpu-without-wasm', 'tensorflow-without-addon', 'third-party'].map((name) =>
    nodeBackend(name, opSpecs),
  ),
];

/** @type {import('jest').Config} */
export default {
  // Jest would leave one core to itself, and with two cores run one file at a time.
  maxWorkers: '100%',
  // GPU backends run in software here, and compile a shader at the first use of each shape.
  testTimeout: 60_000,
  projects: process.env.ENGINES ? engineProjects : usualProjects,
};
