/**
 * Builds `dist/`: ES modules, CommonJS, type declarations for both, and one file for a page.
 *
 *     dist/esm/*.js, *.d.ts        `import`
 *     dist/cjs/*.js, *.d.ts        `require`
 *     dist/tfjs-layernorm.min.js   `<script>`, beside the global `tf`
 */
import {spawnSync} from 'node:child_process';
import {cpSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {type BuildOptions, build, type Plugin} from 'esbuild';
import {parseFlags} from '../tools/flags.mjs';
import {root} from '../tools/shell.mjs';
import {buildWasm} from './build_wasm.js';

const require = createRequire(import.meta.url);

/**
 * Shaders are strings, which no bundler makes shorter: their comments, indents and line ends go here,
 * and the spaces about operators and, in lines that quote no text, after commas and semicolons.
 */
const shortShaders: Plugin = {
  name: 'short-shaders',
  setup({onLoad}) {
    onLoad({filter: /kernels[\\/]web(gl|gpu)[\\/]\w+\.ts$/}, ({path: file}) => ({
      contents: readFileSync(file, 'utf8')
        .replace(/\s*\/\/ .*$|^ +/gm, '')
        .replace(/ ([-+*/&|<>=!]?=|[+*/%<>?:]|&&|\|\||-(?! -)) /g, '$1')
        .replace(/^[^'"]*$/gm, (line) =>
          line.replace(/([,;]) /g, '$1').replace(/ \(|\) (?={)/g, (found) => found.trim()),
        )
        .replace(/([;{}])\n+(?=[\w}$])/g, '$1'),
      loader: 'ts',
    }));
  },
};

const shared: BuildOptions & {plugins: Plugin[]} = {
  absWorkingDir: root,
  target: 'es2021',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [shortShaders],
};

/**
 * A file for each source, so that the entries share their modules in CommonJS too, and a bundler
 * sees which of them have side effects. The sources are those that have declarations.
 */
async function buildModules(format: 'esm' | 'cjs', outdir: string): Promise<void> {
  const declarations = readdirSync(path.join(root, 'dist/esm'), {
    recursive: true,
    encoding: 'utf8',
  });
  await build({
    ...shared,
    entryPoints: declarations
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => path.join('src', name.replace(/\.d\.ts$/, '.ts'))),
    outbase: 'src',
    outdir,
    format,
    platform: 'neutral',
    define: (format === 'cjs' ? {'import.meta.url': '__filename'} : {}) as Record<string, string>,
  });
  // React Native takes the CommonJS, and cannot parse h5wasm: it gets an empty module in its place.
  const manifest =
    format === 'esm'
      ? {type: 'module'}
      : {type: 'commonjs', 'react-native': {h5wasm: false as const}};
  writeFileSync(path.join(root, outdir, 'package.json'), `${JSON.stringify(manifest)}\n`);
}

/** A page has the packages of tfjs as the one global `tf`. */
const tfjsIsGlobal: Plugin = {
  name: 'tfjs-is-global',
  setup({onResolve, onLoad}) {
    onResolve({filter: /^@tensorflow\//}, (args) => ({path: args.path, namespace: 'global'}));
    onLoad({filter: /.*/, namespace: 'global'}, () => ({contents: 'module.exports = tf;'}));
  },
};

async function buildScript() {
  await build({
    ...shared,
    entryPoints: ['src/index.ts'],
    bundle: true,
    outfile: 'dist/tfjs-layernorm.min.js',
    format: 'iife',
    globalName: 'tfjsLayerNorm',
    minify: true,
    define: {'import.meta.url': 'undefined'},
    plugins: [...shared.plugins, tfjsIsGlobal],
  });
}

function buildTypes() {
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const args = ['-p', 'tsconfig.build.json'];
  const {status} = spawnSync(process.execPath, [tsc, ...args], {cwd: root, stdio: 'inherit'});
  if (status !== 0) throw new Error('The type declarations could not be built; see above.');
  cpSync(path.join(root, 'dist/esm'), path.join(root, 'dist/cjs'), {recursive: true});
}

parseFlags({command: 'npm run build --', about: 'Builds dist/.', flags: {}});
rmSync(path.join(root, 'dist'), {recursive: true, force: true});
buildWasm();
buildTypes();
await Promise.all([
  buildModules('esm', 'dist/esm'),
  buildModules('cjs', 'dist/cjs'),
  buildScript(),
]);
console.log('Built dist/.');
