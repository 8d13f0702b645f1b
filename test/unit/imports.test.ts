/**
 * The law of the tree: layer → op → kernel ← gradient. It is read from the imports of `src`, so that
 * whoever breaks it hears of it here.
 */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript-for-docs'; // the last one whose parser can be called

const src = path.resolve(__dirname, '../../src');

interface Import {
  /** The importing file, relative to `src`. */
  from: string;
  /** A file relative to `src`, or a package. */
  to: string;
  isTypeOnly: boolean;
}

const imports: Import[] = readdirSync(src, {recursive: true, encoding: 'utf8'})
  .filter((file) => file.endsWith('.ts') && !file.includes('wasm/assembly/'))
  .flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(src, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean) => {
    if (!specifier || !ts.isStringLiteral(specifier)) return;
    const name = specifier.text;
    const to = name.startsWith('.')
      ? path.join(path.dirname(file), name).replace(/\.js$/, '.ts')
      : name;
    found.push({from: file, to, isTypeOnly});
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      if (ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `kernels/cpu/layer_norm.ts` is in `kernels`; `index.ts` is in `index.ts`. */
const partOf = (file: string) => file.split('/')[0];
const isOwn = ({to}: Import) => to.endsWith('.ts');
const listed = (broken: Import[]) => broken.map(({from, to}) => `${from} imports ${to}`);

/** What each part of `src` may import: other parts, or files of them. */
const ARROWS: Record<string, string[]> = {
  'index.ts': ['gradients/register.ts', 'kernels/register.ts', 'layers', 'ops'],
  'reference.ts': [],
  kernels: [],
  gradients: ['kernels'],
  ops: ['kernels'],
  layers: ['ops'],
  mended: ['kernels/traits.ts'],
  keras: [
    'gradients/register.ts',
    'kernels/register.ts',
    'kernels/traits.ts',
    'layers',
    'mended',
    'ops',
  ],
  graph: ['gradients/register.ts', 'kernels/register.ts', 'kernels/traits.ts', 'mended', 'ops'],
};

test('there are imports to read, and each part of src has its row', () => {
  expect(imports.length).toBeGreaterThan(200);
  expect([...new Set(imports.map(({from}) => partOf(from)))].sort()).toEqual(
    Object.keys(ARROWS)
      .filter((part) => part !== 'reference.ts')
      .sort(),
  );
});

test('arrows point one way', () => {
  const broken = imports.filter(isOwn).filter(({from, to}) => {
    const isAllowed = (target: string) => to === target || to.startsWith(`${target}/`);
    return partOf(from) !== partOf(to) && !ARROWS[partOf(from)].some(isAllowed);
  });
  expect(listed(broken)).toEqual([]);
});

test('only ops know axes', () => {
  const axes = ['ops/axes.ts', 'ops/row_view.ts'];
  const broken = imports.filter(
    ({from, to}) => axes.includes(to) && !['ops', 'layers'].includes(partOf(from)),
  );
  expect(listed(broken)).toEqual([]);
});

/** The backends that have a folder, and the packages that have their types. */
const BACKENDS: Record<string, string | undefined> = {
  composed: undefined,
  cpu: undefined,
  tensorflow: '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  webgl: '@tensorflow/tfjs-backend-webgl',
  webgpu: '@tensorflow/tfjs-backend-webgpu',
};

describe('only kernels/<backend> knows a backend:', () => {
  test('each has a folder with one object', () => {
    const folders = readdirSync(path.join(src, 'kernels'), {withFileTypes: true})
      .filter((entry) => entry.isDirectory())
      .map(({name}) => name);
    expect(folders.sort()).toEqual(Object.keys(BACKENDS).sort());
    for (const name of folders) {
      expect(readdirSync(path.join(src, 'kernels', name))).toEqual(
        expect.arrayContaining(['index.ts', 'layer_norm.ts', 'layer_norm_grad.ts']),
      );
    }
  });

  test('its package is imported there alone, and for its types alone', () => {
    const broken = imports.filter(({from, to, isTypeOnly}) => {
      if (!/^@tensorflow\/tfjs-(backend|node)/.test(to)) return false;
      const owner = Object.keys(BACKENDS).find((name) => to.startsWith(BACKENDS[name] ?? 'none'));
      return !isTypeOnly || !from.startsWith(`kernels/${owner}/`);
    });
    expect(listed(broken)).toEqual([]);
  });

  test('register.ts alone imports the objects, and nothing else of a backend', () => {
    const broken = imports.filter(isOwn).filter(({from, to}) => {
      const [, folder] = /^kernels\/([^/]+)\//.exec(to) ?? [];
      if (!folder || from.startsWith(`kernels/${folder}/`)) return false;
      if (from === 'kernels/register.ts') return to !== `kernels/${folder}/index.ts`;
      // The kernels of `cpu` run the WebAssembly module too, on a memory of their own.
      return !(from.startsWith('kernels/cpu/') && to === 'kernels/wasm/module.ts');
    });
    expect(listed(broken)).toEqual([]);
  });
});

test('only keras and graph know formats', () => {
  const formats: Record<string, string> = {
    '@zip.js/zip.js': 'keras/read/',
    h5wasm: 'keras/read/',
    '@tensorflow/tfjs-converter': 'graph/',
  };
  const broken = imports.filter(({from, to}) => {
    const [name] = Object.keys(formats).filter(
      (format) => to === format || to.startsWith(`${format}/`),
    );
    return name !== undefined && !from.startsWith(formats[name]);
  });
  expect(listed(broken)).toEqual([]);
});

test('only layers and keras know tfjs-layers', () => {
  const broken = imports.filter(
    ({from, to}) => to === '@tensorflow/tfjs-layers' && !['layers', 'keras'].includes(partOf(from)),
  );
  expect(listed(broken)).toEqual([]);
});
