/** The package as it would be published: its contents, its entries' types, its size. */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {build, type Plugin} from 'esbuild';

const root = path.resolve(__dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'package-'));
let tarball: string;
let files: string[];

beforeAll(() => {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const packed = run(npm, ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [report] = JSON.parse(packed) as [{filename: string; files: {path: string}[]}];
  tarball = path.join(folder, report.filename);
  files = report.files.map((file) => file.path);
});
afterAll(() => rmSync(folder, {recursive: true}));

/** Runs a command to its end, which must be a good one, and gives what it printed. */
function run(command: string, args: string[]): string {
  const {status, stdout, stderr, error} = spawnSync(command, args, {cwd: root, encoding: 'utf8'});
  if (error) throw error;
  if (status !== 0) throw new Error(`${path.basename(args[0])}: ${stdout}${stderr}`);
  return stdout;
}

const tool = (file: string, ...args: string[]) =>
  run(process.execPath, [path.join(root, 'node_modules', file), ...args]);

test('holds what a user installs, and nothing else', () => {
  const expected = [
    /^(CHANGELOG|README)\.md$|^LICENSE$|^package\.json$/,
    /^addon\/(binding\.gyp|parts\.gypi|index\.cjs|src\/(platform\/)?[a-z0-9_]+\.[ch])$/,
    /^addon\/prebuilds\/[a-z0-9-]+\/[a-z0-9_.-]+\.node$/,
    /^dist\/(esm|cjs)\/([a-z0-9_/]+\.(js|js\.map|d\.ts)|package\.json)$/,
    /^dist\/tfjs-layernorm\.min\.js(\.map)?$/,
  ];
  expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'addon/src/addon.c']) {
    expect(files).toContain(file);
  }
});

test('every script has its source map, and every map its sources', () => {
  for (const script of files.filter((file) => file.startsWith('dist/') && file.endsWith('.js'))) {
    const map = JSON.parse(readFileSync(path.join(root, `${script}.map`), 'utf8'));
    expect(files).toContain(`${script}.map`);
    expect([script, map.sourcesContent.length]).toEqual([script, map.sources.length]);
    expect(map.sourcesContent.every((text: unknown) => typeof text === 'string')).toBe(true);
  }
});

test('every module has its types, in both formats', () => {
  for (const script of files.filter((file) => /^dist\/(esm|cjs)\/.*\.js$/.test(file))) {
    expect(files).toContain(script.replace(/\.js$/, '.d.ts'));
  }
});

test('the entries that have side effects are those that package.json names', () => {
  const {sideEffects} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const names = (sideEffects as string[]).map((name) => name.replace('./', ''));
  const named = (file: string) =>
    names.some((name) =>
      new RegExp(`^${name.replace(/\./g, '\\.').replace('*', '[a-z]+')}$`).test(file),
    );
  const acting = files
    .filter((file) => /^dist\/(esm|cjs)\/.*\.js$/.test(file))
    .filter((file) =>
      /^\(?(0, )?[\w.]*register\w+\)?\(\);$/m.test(readFileSync(path.join(root, file), 'utf8')),
    );
  expect(acting).toHaveLength(8);
  expect(acting.filter((file) => !named(file))).toEqual([]);
});

test('publint finds nothing', () => {
  tool('publint/src/cli.js', tarball, '--strict');
});

test('arethetypeswrong finds nothing', () => {
  // The addon's entry is there for our own kernel, which knows what it loads.
  tool('@arethetypeswrong/cli/dist/index.js', tarball, '--exclude-entrypoints', 'addon');
});

test('knip finds no file, export or dependency that nobody uses', () => {
  tool('knip/bin/knip.js', '--no-progress');
});

/** Leaves the WebAssembly modules out, which are data: 4 KB that compress badly. */
const withoutWasm: Plugin = {
  name: 'without-wasm',
  setup({onLoad}) {
    onLoad({filter: /module_bytes\.js$/}, () => ({
      contents: "export const moduleBytes = {simd: '', scalar: ''};",
    }));
  },
};

/** Bytes of a user's program, minified and gzipped, without tfjs. */
async function gzippedSize(program: string, plugins: Plugin[] = []): Promise<number> {
  const {outputFiles} = await build({
    stdin: {contents: program, resolveDir: root},
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    // A bundler makes files of their own of what is imported when it is needed.
    external: ['@tensorflow/*', '@zip.js/zip.js', 'h5wasm', './hub/index.js'],
    tsconfigRaw: '{}', // ours leads to src, the package's exports lead to dist
    plugins,
  });
  return gzipSync(outputFiles[0].contents, {level: 9}).length;
}

const KB = 1024;

test.each([
  ['the main entry with the kernels of every backend, without WebAssembly', 17, [withoutWasm]],
  ['the main entry with all', 22, []],
])('%s has at most %s KB', async (_, budget, plugins) => {
  const size = await gzippedSize("import 'tfjs-layernorm';", plugins);
  expect(size).toBeGreaterThan(KB);
  expect(size).toBeLessThanOrEqual(budget * KB);
});

test.each([
  ['graph', 20], // half of it are ops that tfjs lacks or computes wrongly
  ['keras', 92], // most of it are the layers and operations of Keras
  ['keras-hub', 68], // most of it are layers of Keras that its own are made of
])('tfjs-layernorm/%s adds at most %d KB', async (entry, budget) => {
  const alone = await gzippedSize("export * from 'tfjs-layernorm';");
  const both = await gzippedSize(
    `export * from 'tfjs-layernorm'; export * as more from 'tfjs-layernorm/${entry}';`,
  );
  expect(both - alone).toBeGreaterThan(KB);
  expect(both - alone).toBeLessThanOrEqual(budget * KB);
});

test('the main entry asks for nothing but tfjs', async () => {
  const {metafile} = await build({
    entryPoints: [path.join(root, 'dist/esm/index.js')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
    metafile: true,
  });
  const [{imports}] = Object.values(metafile.outputs);
  expect(new Set(imports.map((one) => one.path))).toEqual(
    new Set(['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers']),
  );
});
